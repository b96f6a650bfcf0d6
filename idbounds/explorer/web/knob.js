// Panel 6: one knob, the dimension of a random subspace, and the committed runs of a study.

PANELS.knob = {
  title: "The d90 knob",
  lead: "Train in a random subspace of d dimensions, write the result as a message, certify it. Turn d and see accuracy, bits, bound and test error move together. All numbers are committed rows of a study.",
  subject: "curve",
  defaults: function (given) {
    var name = DATA.curves.some(function (c) { return curveName(c) === given.curve; }) ? given.curve : curveName(DATA.curves[0]);
    var all = dimensions(curveOf(name));
    return { curve: name, d: all[Math.floor(all.length / 2)] };
  },
  build: function (ui) {
    ui.which = choice(ui, "curve", "Study", DATA.curves.map(function (c) {
      return [curveName(c), c.dataset + (c.family ? ", subspaces of kind " + c.family : "") + " (" + c.study.replace(/_/g, " ") + ")"];
    }), function (name) { ui.replace(PANELS.knob.defaults({ curve: name })); });
    ui.range = el("input", { type: "range", id: idOf(ui, "d"), min: 0, step: 1, oninput: function () { ui.set("d", dimensions(curveOf(ui.state.curve))[Number(ui.range.value)]); } });
    ui.readout = el("output", { for: idOf(ui, "d") });
    ui.words = el("p", { class: "reading", role: "status" });
    ui.errors = el("div", { class: "chart", id: "knob-errors" });
    ui.accuracy = el("div", { class: "chart", id: "knob-accuracy" });
    ui.bits = el("div", { class: "chart", id: "knob-bits" });
    ui.code = takeAway("Python", "code");
    ui.root.append(
      ui.which.node, el("div", { class: "knob" }, el("label", { for: idOf(ui, "d") }, "dimension d"), ui.range, ui.readout), ui.words,
      el("div", { class: "beside" }, ui.errors, el("div", {}, ui.accuracy, ui.bits)),
      el("p", { class: "note" }, "Dots are runs, lines go through their means. Each bound holds singly at its δ; the smallest of k, picked afterwards, holds when each is taken at δ / k."),
      el("div", { class: "takes" }, ui.code.node)
    );
  },
  update: function (ui) {
    var curve = curveOf(ui.state.curve);
    var all = dimensions(curve);
    if (all.indexOf(ui.state.d) < 0) ui.state.d = all[Math.floor(all.length / 2)];
    ui.which.show(ui.state.curve);
    ui.range.max = all.length - 1;
    ui.range.value = all.indexOf(ui.state.d);
    ui.range.setAttribute("aria-valuetext", "d = " + ui.state.d);
    ui.readout.textContent = grouped(ui.state.d);
    tellKnob(ui, curve);
  },
};

function curveName(curve) {
  return [curve.study, curve.dataset, curve.family].filter(String).join(".");
}

function curveOf(name) {
  return DATA.curves.filter(function (c) { return curveName(c) === name; })[0];
}

function dimensions(curve) {
  return curve.rows.map(function (r) { return r.d; }).filter(function (d, i, all) { return all.indexOf(d) === i; });
}

var KNOB = {
  train: function (r) { return r.errors / r.n; },
  test: function (r) { return r.test_errors / r.test_n; },
  bound: function (r) { return Number(r.bound); },
  accuracy: function (r) { return 1 - r.test_errors / r.test_n; },
  bits: function (r) { return r.code_bits; },
};

function meanAt(curve, d, what) {
  var rows = curve.rows.filter(function (r) { return r.d === d; });
  return rows.reduce(function (sum, r) { return sum + what(r); }, 0) / rows.length;
}

function tellKnob(ui, curve) {
  var d = ui.state.d;
  var rows = curve.rows.filter(function (r) { return r.d === d; });
  var all = dimensions(curve);
  var best = all.reduce(function (a, b) { return meanAt(curve, b, KNOB.bound) < meanAt(curve, a, KNOB.bound) ? b : a; });
  var many = rows.length > 1 ? " (means of " + rows.length + " runs)" : " (one run)";
  clear(ui.words).append(
    "d = " + grouped(d) + many + ": " + grouped(Math.round(meanAt(curve, d, KNOB.bits))) + " bits, test accuracy " + percent(meanAt(curve, d, KNOB.accuracy)) + ", test error " +
    percent(meanAt(curve, d, KNOB.test)) + ", bound ", el("strong", { class: "value", "data-value": String(meanAt(curve, d, KNOB.bound)) }, percentUp(meanAt(curve, d, KNOB.bound))), ". " +
    (d === best ? "No other d of this study has a smaller bound." : "The smallest bound of this study is at d = " + grouped(best) + ".") +
    (curve.d90 ? " d90 is " + grouped(Math.round(curve.d90.d90)) + " (interval " + grouped(Math.floor(curve.d90.low)) + " to " + grouped(Math.ceil(curve.d90.high)) + ")." : "")
  );
  knobPlot(ui.errors, curve, d, ["train", "test", "bound"], "error rate", 0.76, function (v) { return percent(v, 1); });
  knobPlot(ui.accuracy, curve, d, ["accuracy"], "test accuracy", 0.42, function (v) { return percent(v, 1); });
  knobPlot(ui.bits, curve, d, ["bits"], "bits of the message", 0.42, grouped);
  ui.code.show(python(rows.map(function (r) {
    return 'print(bounds["occam-binomial"].upper(errors=' + r.errors + ", code_bits=" + r.code_bits + ", n=" + r.n + ', delta="' + r.delta + '"))  # ' + r.bound;
  })));
}

function knobPlot(place, curve, d, names, label, height, show) {
  var all = dimensions(curve);
  var most = Math.max.apply(null, curve.rows.map(function (r) { return Math.max.apply(null, names.map(function (n) { return KNOB[n](r); })); }));
  var least = names[0] === "accuracy" ? Math.min.apply(null, curve.rows.map(KNOB.accuracy)) - 0.03 : 0;
  var high = names[0] === "accuracy" ? Math.min(most + 0.03, 1) : most * 1.1;
  var p = plot(place, {
    label: label + " over the dimension of the subspace", height: height,
    x: { low: all[0] / 1.2, high: all[all.length - 1] * 1.2, log: true, label: "d", ticks: all },
    y: { low: least, high: high, label: label, show: show },
  });
  p.axes();
  if (curve.d90) {
    p.add("rect", { x: p.x(curve.d90.low), y: p.edge.top, width: Math.max(p.x(curve.d90.high) - p.x(curve.d90.low), 1), height: p.edge.bottom - p.edge.top, class: "band" });
    if (names.length > 1) p.text(p.x(curve.d90.high) + p.letter * 0.3, p.edge.bottom - p.letter * 0.5, "d90", "tag");
  }
  p.line([[d, least], [d, high]], "truth");
  names.forEach(function (name) {
    p.line(all.map(function (x) { return [x, meanAt(curve, x, KNOB[name])]; }), "series " + name);
    curve.rows.forEach(function (r) {
      p.add("circle", { cx: p.x(r.d), cy: p.y(KNOB[name](r)), r: p.letter * (r.d === d ? 0.36 : 0.2), class: "dot " + name });
    });
  });
  if (names.length > 1) names.forEach(function (name, i) {
    p.add("line", { x1: p.edge.right - p.letter * 5.6, x2: p.edge.right - p.letter * 4.4, y1: p.edge.top + p.letter * (0.4 + i * 1.2), y2: p.edge.top + p.letter * (0.4 + i * 1.2), class: "series " + name });
    p.text(p.edge.right - p.letter * 4, p.edge.top + p.letter * (0.7 + i * 1.2), { train: "training", test: "test", bound: "bound" }[name], "tag");
  });
}
