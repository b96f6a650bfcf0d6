// The value of a bound, its price list and the inverse question: what statement.py, explanation.py and
// solving.py do, on the generated FORMULAS and the words of kernels.js.

function termsOf(id, inputs) {
  var given = DATA.bounds[id].takes.map(function (name) { return inputs[name]; });
  return FORMULAS[id].terms.apply(null, given);
}

// raised by a share of the sizes of its terms, as in Python, so that no rounding puts it below the truth
function valueOf(id, inputs) {
  var sum = 0;
  var size = 0;
  termsOf(id, inputs).forEach(function (term) {
    sum += term;
    size += Math.abs(term);
  });
  var value = sum + size * DATA.margin;
  return DATA.bounds[id].saturates ? Math.min(value, 1) : value;
}

function saysNothing(id, value, inputs) {
  var given = DATA.bounds[id].takes.map(function (name) { return inputs[name]; });
  return value >= FORMULAS[id].trivial.apply(null, given);
}

// why a number cannot be this quantity, or ""
function problemOf(name, x, inputs) {
  var q = DATA.quantities[name];
  var inside = typeof x === "number" && isFinite(x);
  if (inside && q.low !== null) inside = q.open ? x > q.low : x >= q.low;
  if (inside && q.high !== null) inside = q.open ? x < q.high : x <= q.high;
  if (inside && q.integer) inside = isWhole(x) && x <= Number.MAX_SAFE_INTEGER;
  if (!inside) return name + " = " + x + ": give " + q.allowed + " (" + q.says + ")";
  if (q.partOf && inputs && x > inputs[q.partOf]) {
    return name + " = " + x + " exceeds " + q.partOf + " = " + inputs[q.partOf] + "; give at most " + q.partOf;
  }
  return "";
}

function problemsOf(id, inputs) {
  return DATA.bounds[id].takes
    .map(function (name) { return problemOf(name, inputs[name], inputs); })
    .filter(function (text) { return text; });
}

// the bound minus the bound with one quantity at its cheapest; null where no value of it is free
function priceOf(id, name, inputs) {
  var free = DATA.quantities[name].free;
  if (free === null) return null;
  DATA.bounds[id].takes.forEach(function (part) {
    if (DATA.quantities[part].partOf === name) free = Math.max(free, inputs[part]);
  });
  var cheaper = Object.assign({}, inputs);
  cheaper[name] = free;
  return valueOf(id, inputs) - valueOf(id, cheaper);
}

// the largest whole number from 0 to high at which a rising function is at most `at`; -1 if there is none
function largestWhole(rising, at, high) {
  if (!(rising(0) <= at)) return -1;
  var low = 0;
  while (low < high) {
    var middle = low + Math.ceil((high - low) / 2);
    if (rising(middle) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

// the quantities of a racing bound at an error rate and at bits per example
function racingInputs(id, error, bitsPerExample, n, delta) {
  var bits = bitsPerExample * n;
  var parts = { rate: error, count: Math.ceil(error * n), bits: bits, nats: bits * Math.LN2 };
  var inputs = {};
  DATA.bounds[id].takes.forEach(function (name) {
    inputs[name] = name in DATA.racers[id] ? parts[DATA.racers[id][name]] : DATA.quantities[name].default;
  });
  inputs.n = n;
  inputs.delta = delta;
  return inputs;
}

// ---- numbers as a reader wants them

function grouped(x) {
  return isWhole(x) && Math.abs(x) < 1e15 ? x.toLocaleString("en-GB") : String(Number(x.toPrecision(6)));
}

// a share as per cent, rounded up in the last digit shown
function percentUp(x) {
  var digits = Math.abs(x) < 0.001 ? 4 : 2;
  var scale = Math.pow(10, digits);
  // a number that is already short stays as it is: 0.07 is 7%, although 0.07 * 100 * 100 is 700.0000000000001
  var up = Math.ceil(Number((x * 100 * scale).toPrecision(14))) / scale;
  return up.toFixed(digits) + "%";
}

// a measured share as per cent, rounded to the nearest, with no more digits than it needs
function percent(x, digits) {
  return Number((100 * x).toFixed(digits === undefined ? 1 : digits)) + "%";
}

// 1 - delta as per cent; where that would look like certainty, as a difference
function sureness(delta) {
  return delta < 1e-6 ? "1 − " + delta : Number((100 - 100 * delta).toPrecision(9)) + "%";
}

// a bound in its unit, rounded up
function stated(id, value) {
  if (!isFinite(value)) return "∞";
  if (DATA.bounds[id].unit === "rate") return percentUp(value);
  return (Math.ceil(value * 1000) / 1000).toFixed(3) + " " + DATA.bounds[id].unit;
}

// a line of Python that gives the number
function pythonCall(id, inputs) {
  var given = DATA.bounds[id].takes.map(function (name) { return name + "=" + inputs[name]; });
  return 'bounds["' + id + '"](' + given.join(", ") + ")";
}

function python(lines) {
  return "from idbounds import bounds\n\n" + lines.join("\n") + "\n";
}
