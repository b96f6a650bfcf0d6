// Codes with real bits: canonical prefix codes, and the arithmetic coder of idbounds/codes/arithmetic.py
// on whole numbers without limit (BigInt), bit by bit the same message.

var FULL = 1n << 62n;
var HALF = 1n << 61n;
var QUARTER = 1n << 60n;

function kraftSum(lengths) {
  return lengths.reduce(function (sum, length) { return sum + Math.pow(2, -length); }, 0);
}

// the codewords of the canonical code, in the order of the symbols; null if the lengths admit no prefix code
function canonicalCode(lengths) {
  if (kraftSum(lengths) > 1) return null;
  var words = new Array(lengths.length);
  var start = 0;
  lengths
    .map(function (length, symbol) { return [length, symbol]; })
    .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
    .forEach(function (pair) {
      var number = Math.round(start * Math.pow(2, pair[0]));
      words[pair[1]] = number.toString(2).padStart(pair[0], "0");
      start += Math.pow(2, -pair[0]);
    });
  return words;
}

// the bits of a run; `step` is what a weight grows by after each use: 0 for a fixed table, 2 for an adaptive one
function arithmeticBits(symbols, weights, step) {
  weights = weights.map(BigInt);
  step = BigInt(step);
  var total = weights.reduce(function (a, b) { return a + b; }, 0n);
  if (weights.some(function (w) { return w === total; })) return "";
  var low = 0n;
  var width = FULL;
  var pending = 0;
  var out = "";
  function settle(bit) {
    out += bit + (bit === "0" ? "1" : "0").repeat(pending);
    pending = 0;
  }
  symbols.forEach(function (symbol) {
    var below = 0n;
    for (var i = 0; i < symbol; i++) below += weights[i];
    var unit = width / total;
    low += unit * below;
    width = unit * weights[symbol];
    weights[symbol] += step;
    total += step;
    for (;;) {
      if (low + width <= HALF) settle("0");
      else if (low >= HALF) {
        low -= HALF;
        settle("1");
      } else if (low >= QUARTER && low + width <= HALF + QUARTER) {
        low -= QUARTER;
        pending += 1;
      } else break;
      low *= 2n;
      width *= 2n;
    }
  });
  return out + ending(low, width, pending);
}

// the bits that fix the interval whatever follows
function ending(low, width, pending) {
  if (low === 0n && width === FULL && !pending) return "";
  var start = low === 0n || (low + width !== FULL && low <= QUARTER) ? 0 : 1;
  var whole = low === 0n || low + width === FULL;
  return String(start) + String(1 - start).repeat(pending + (whole ? 0 : 1));
}

// the interval of a run after each symbol, as shares of the unit interval, and -log2 of its width
function intervals(symbols, weights, step) {
  weights = weights.slice();
  var out = [];
  var low = 0;
  var width = 1;
  var ideal = 0;
  symbols.forEach(function (symbol) {
    var total = weights.reduce(function (a, b) { return a + b; }, 0);
    var below = weights.slice(0, symbol).reduce(function (a, b) { return a + b; }, 0);
    var before = { low: low, width: width, weights: weights.slice(), total: total };
    ideal += Math.log2(total) - Math.log2(weights[symbol]);
    low += (width * below) / total;
    width *= weights[symbol] / total;
    weights[symbol] += step;
    out.push({ symbol: symbol, before: before, low: low, width: width, ideal: ideal });
  });
  return out;
}
