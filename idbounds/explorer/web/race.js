// Panel 2: which of the chosen bounds is smallest where, over the error rate and the bits per example.

var RACE = { columns: 72, rows: 46, errorHigh: 0.6, bitsLow: 1e-4, bitsHigh: 3 };
var LANES = 8; // colours of the style sheet

PANELS.race = {
  title: "The race",
  lead:
    "Each place of the map is a model: so many errors, so many bits for each training example. It has the colour of the " +
    "chosen bound that is smallest there. Grey: none says anything. Below the line, the training-set bound beats a hold-out set.",
  defaults: function () {
    return {
      error: 0.05, bits: 0.02, n: 60000, delta: 0.05, holdout: 500,
      of: "occam-hoeffding pac-bayes-quadratic pac-bayes-mixed-rate pac-bayes-refined-pinsker",
    };
  },
  problem: function (key, x) {
    if (key === "error") return problemOf("train_error", x);
    if (key === "n" || key === "delta") return problemOf(key, x);
    if (key === "holdout") return problemOf("test_n", x);
    return x > 0 && isFinite(x) ? "" : "bits per example = " + x + ": give a number > 0";
  },
  build: function (ui) {
    ui.map = el("div", { class: "chart", id: "race-map" });
    ui.legend = el("ol", { class: "ranking", id: "race-ranking" });
    ui.words = el("p", { class: "reading", role: "status" });
    ui.code = takeAway("Python", "code");
    ui.controls = {};
    var controls = el("div", { class: "controls" });
    [
      { key: "error", label: "training error", low: 0, high: RACE.errorHigh, says: "the model's share of errors on the training sample" },
      { key: "bits", label: "bits per example", low: RACE.bitsLow, high: RACE.bitsHigh, scale: "log", says: "code_bits / n; a divergence in nats is this times n ln 2" },
      { key: "n", label: "n", low: 100, high: 1e6, scale: "log", integer: true, says: DATA.quantities.n.says },
      { key: "delta", label: "δ", low: 1e-6, high: 0.1, scale: "log", says: DATA.quantities.delta.says },
      { key: "holdout", label: "hold-out examples", low: 100, high: 1e5, scale: "log", integer: true, says: "for the baseline: a test set of this size on which the model has the same error rate" },
    ].forEach(function (spec) {
      spec.change = function (x) { ui.set(spec.key, x); };
      spec.problem = function (x) { return PANELS.race.problem(spec.key, x); };
      ui.controls[spec.key] = control(ui, spec);
      controls.append(ui.controls[spec.key].node);
    });
    ui.ticks = {};
    var picks = el("fieldset", { class: "picks" }, el("legend", {}, "Who runs"));
    Object.keys(DATA.racers).forEach(function (id) {
      ui.ticks[id] = tick(ui, "run-" + id, id, function (on) {
        var names = runners(ui.state).filter(function (name) { return name !== id; });
        ui.set("of", (on ? names.concat(id) : names).join(" "));
      });
      picks.append(ui.ticks[id].node);
    });
    ui.root.append(
      el("div", { class: "beside" }, ui.map, el("div", {}, ui.words, ui.legend)),
      controls, picks,
      el("p", { class: "note" }, "Each bound holds singly at δ. To take the smallest after looking, let one event imply them all, or give each its share of δ (minimum_of in Python)."),
      el("div", { class: "takes" }, ui.code.node)
    );
    ui.map.addEventListener("click", function (event) { pointAt(ui, event); });
  },
  update: function (ui) {
    Object.keys(ui.controls).forEach(function (key) { ui.controls[key].show(ui.state[key]); });
    var names = runners(ui.state);
    Object.keys(ui.ticks).forEach(function (id) { ui.ticks[id].show(names.indexOf(id) >= 0); });
    drawRace(ui, names);
    rank(ui, names);
  },
};

function runners(state) {
  return state.of.split(" ").filter(function (id) { return id in DATA.racers; });
}

// the smallest of the bounds at a place, and who it is; an id of "" where none is below 1
function winner(names, error, bits, n, delta) {
  var best = { id: "", value: 1 };
  names.forEach(function (id) {
    var value = valueOf(id, racingInputs(id, error, bits, n, delta));
    if (value < best.value) best = { id: id, value: value };
  });
  return best;
}

function holdOut(error, size, delta) {
  return valueOf("test-binomial", { test_errors: Math.ceil(error * size), test_n: size, delta: delta });
}

function cellCentres() {
  var errors = [];
  var bits = [];
  for (var i = 0; i < RACE.columns; i++) errors.push((RACE.errorHigh * (i + 0.5)) / RACE.columns);
  for (var j = 0; j < RACE.rows; j++) bits.push(RACE.bitsLow * Math.pow(RACE.bitsHigh / RACE.bitsLow, (j + 0.5) / RACE.rows));
  return { errors: errors, bits: bits };
}

// rows of winners, made anew only when what they depend on has changed
function raceMap(ui, names) {
  var s = ui.state;
  var key = [s.n, s.delta, s.holdout, names.join(" ")].join("|");
  if (ui.mapKey === key) return ui.cells;
  var centres = cellCentres();
  ui.cells = centres.bits.map(function (bits) {
    return centres.errors.map(function (error) {
      return winner(names, error, bits, s.n, s.delta).id;
    });
  });
  ui.frontier = centres.errors.map(function (error) { return [error, tie(names, error, s)]; });
  ui.mapKey = key;
  return ui.cells;
}

function drawRace(ui, names) {
  var cells = raceMap(ui, names);
  var s = ui.state;
  var p = plot(ui.map, {
    label: "Map of the smallest bound over training error and bits per example", height: 0.68,
    x: { low: 0, high: RACE.errorHigh, label: "training error", show: function (v) { return percent(v, 1); } },
    y: { low: RACE.bitsLow, high: RACE.bitsHigh, log: true, label: "bits per example", show: shortPower },
  });
  var wide = (p.edge.right - p.edge.left) / RACE.columns;
  var tall = (p.edge.bottom - p.edge.top) / RACE.rows;
  var places = {};
  cells.forEach(function (row, j) {
    for (var i = 0; i < row.length; ) {
      var end = i;
      while (end < row.length && row[end] === row[i]) end++;
      var id = row[i];
      p.add("rect", {
        x: (p.edge.left + i * wide).toFixed(2), y: (p.edge.bottom - (j + 1) * tall - 0.25).toFixed(2),
        width: ((end - i) * wide + 0.25).toFixed(2), height: (tall + 0.5).toFixed(2),
        class: id ? "lane lane-" + lane(names, id) : "lane nothing",
      });
      (places[id] = places[id] || []).push({ x: i + (end - i) / 2, y: j, cells: end - i });
      i = end;
    }
  });
  p.axes();
  p.line(ui.frontier, "frontier");
  var end = ui.frontier[ui.frontier.length - 1];
  p.text(p.edge.right - p.letter * 0.4, p.y(end[1]) - p.letter * 0.5, "hold-out set better above", "onmap", "end");
  Object.keys(places).forEach(function (id) { nameRegion(p, places[id], id || "vacuous", wide, tall); });
  var inside = s.error <= RACE.errorHigh && s.bits >= RACE.bitsLow && s.bits <= RACE.bitsHigh;
  if (inside) p.add("circle", { cx: p.x(s.error), cy: p.y(s.bits), r: p.letter * 0.45, class: "here" });
  ui.plot = p;
}

// a name in the widest strip near the middle of a region, if there is room
function nameRegion(p, strips, name, wide, tall) {
  var cells = 0;
  var middle = 0;
  strips.forEach(function (strip) {
    cells += strip.cells;
    middle += strip.cells * strip.y;
  });
  var best = strips.reduce(function (a, b) {
    function worth(strip) { return strip.cells - 1.5 * Math.abs(strip.y - middle / cells); }
    return worth(b) > worth(a) ? b : a;
  });
  var half = p.letter * 0.3 * name.length; // of the words, about
  if (cells * wide * tall < 3 * half * p.letter) return;
  var x = Math.min(Math.max(p.edge.left + best.x * wide, p.edge.left + half), p.edge.right - half);
  var y = p.edge.bottom - (best.y + 0.5) * tall + p.letter * 0.35;
  p.text(x, Math.max(y, p.edge.top + p.letter), name, "onmap", "middle");
}

// the bits per example at which the smallest training-set bound is as large as that of the hold-out set
function tie(names, error, s) {
  var base = holdOut(error, s.holdout, s.delta);
  function ahead(bits) {
    var best = winner(names, error, bits, s.n, s.delta);
    return best.id !== "" && best.value < base;
  }
  var low = RACE.bitsLow;
  var high = RACE.bitsHigh;
  if (!ahead(low)) return low;
  if (ahead(high)) return high;
  while (high / low > 1.01) {
    var middle = Math.sqrt(low * high);
    if (ahead(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function lane(names, id) {
  return names.indexOf(id) % LANES;
}

function pointAt(ui, event) {
  var box = ui.plot.root.getBoundingClientRect();
  var edge = ui.plot.edge;
  var across = ((event.clientX - box.left) * (ui.plot.width / box.width) - edge.left) / (edge.right - edge.left);
  var up = (edge.bottom - (event.clientY - box.top) * (ui.plot.height / box.height)) / (edge.bottom - edge.top);
  if (across < 0 || across > 1 || up < 0 || up > 1) return;
  ui.merge({
    error: Number((RACE.errorHigh * across).toPrecision(3)),
    bits: Number((RACE.bitsLow * Math.pow(RACE.bitsHigh / RACE.bitsLow, up)).toPrecision(3)),
  });
}

function rank(ui, names) {
  var s = ui.state;
  var base = holdOut(s.error, s.holdout, s.delta);
  var found = names.map(function (id) {
    return { id: id, value: valueOf(id, racingInputs(id, s.error, s.bits, s.n, s.delta)) };
  });
  found.push({ id: "hold-out", value: base });
  found.sort(function (a, b) { return a.value - b.value; });
  clear(ui.legend);
  found.forEach(function (one) {
    var share = Math.min(one.value, 1);
    var bar = svg("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" });
    bar.append(svg("rect", { width: 100 * share, height: 4, class: one.id === "hold-out" ? "baseline" : "lane-" + lane(names, one.id) }));
    ui.legend.append(el("li", { "data-id": one.id, "data-value": String(one.value) }, el("span", { class: "who" }, one.id), el("span", { class: "number" }, one.value < 1 ? percentUp(one.value) : "vacuous"), bar));
  });
  var best = found.filter(function (one) { return one.id !== "hold-out"; })[0];
  ui.words.textContent = best
    ? "At " + percent(s.error) + " training error and " + grouped(Math.round(s.bits * s.n)) + " bits, " +
      (best.value < 1 ? best.id + " is smallest: " + percentUp(best.value) + ". " : "none of them says anything. ") +
      (base < best.value ? "A hold-out set of " + grouped(s.holdout) + " would give " + percentUp(base) + "." : "It beats a hold-out set of " + grouped(s.holdout) + ", which would give " + percentUp(base) + ".")
    : "Tick a bound.";
  var lines = names.map(function (id) { return "print(" + pythonCall(id, racingInputs(id, s.error, s.bits, s.n, s.delta)) + ")"; });
  lines.push("print(" + pythonCall("test-binomial", { test_errors: Math.ceil(s.error * s.holdout), test_n: s.holdout, delta: s.delta }) + ")");
  ui.code.show(python(lines));
}
