// Panel 3: where the bits of a committed certificate go, and what a target would ask for.

PANELS.budget = {
  title: "The budget",
  lead: "A certificate is paid in bits. Here is where those of a committed one go. Make a part shorter, or name a target, and see what it takes.",
  subject: "file",
  defaults: function (given) {
    var file = DATA.certificates.some(function (c) { return c.file === given.file; }) ? given.file : DATA.certificates[1].file;
    var state = { file: file, target: targetFor(certificateOf(file)), errors: certificateOf(file).errors };
    var parts = certificateOf(file).parts;
    Object.keys(parts).forEach(function (part) { state["bits_" + part] = parts[part]; });
    return state;
  },
  problem: function (key, x, state) {
    if (key === "target") return x > 0 && x < 1 ? "" : "target = " + x + ": give a rate in (0, 1)";
    if (key === "errors") return problemOf("errors", x, { n: certificateOf(state.file).n });
    return problemOf("code_bits", x);
  },
  build: function (ui) {
    ui.which = choice(ui, "file", "Certificate", DATA.certificates.map(function (c) {
      return [c.file, c.dataset + ", " + c.model + ", " + grouped(c.parameters) + " weights"];
    }), function (file) { ui.replace(PANELS.budget.defaults({ file: file })); });
    ui.bar = el("div", { class: "chart", id: "budget-bar" });
    ui.words = el("p", { class: "reading", role: "status" });
    ui.ask = el("ul", { class: "ask" });
    ui.curve = el("div", { class: "chart" });
    ui.controls = el("div", { class: "controls" });
    ui.code = takeAway("Python", "code");
    ui.root.append(ui.which.node, ui.words, ui.bar, el("div", { class: "beside" }, ui.curve, ui.ask), ui.controls, el("div", { class: "takes" }, ui.code.node));
  },
  update: function (ui) {
    var made = certificateOf(ui.state.file);
    ui.which.show(made.file);
    if (ui.shownFile !== made.file) budgetControls(ui, made);
    Object.keys(ui.sliders).forEach(function (key) { ui.sliders[key].show(ui.state[key]); });
    tellBudget(ui, made);
  },
};

function certificateOf(file) {
  return DATA.certificates.filter(function (c) { return c.file === file; })[0];
}

// a round number below the bound: the next lower whole per cent divisible by five, or half of the bound
function targetFor(made) {
  var five = (Math.ceil(Number(made.value) * 20) - 1) / 20;
  return five > 0 ? Number(five.toFixed(2)) : Number((Number(made.value) / 2).toPrecision(2));
}

function budgetControls(ui, made) {
  ui.shownFile = made.file;
  ui.sliders = {};
  clear(ui.controls);
  var specs = [{ key: "target", label: "target", low: 0.01, high: Math.max(0.6, Number(made.value)), says: "the bound that you want" }];
  specs.push({ key: "errors", label: "training errors", low: 0, high: 2 * made.errors, integer: true, says: "of " + grouped(made.n) + " examples" });
  Object.keys(made.parts).forEach(function (part) {
    specs.push({ key: "bits_" + part, label: part, low: 0, high: 2 * made.parts[part], integer: true, says: "bits; in the certificate " + grouped(made.parts[part]) });
  });
  specs.forEach(function (spec) {
    spec.change = function (x) { ui.set(spec.key, x); };
    spec.problem = function (x) { return PANELS.budget.problem(spec.key, x, ui.state); };
    ui.sliders[spec.key] = control(ui, spec);
    ui.controls.append(ui.sliders[spec.key].node);
  });
}

function tellBudget(ui, made) {
  var s = ui.state;
  var delta = Number(made.delta);
  var parts = Object.keys(made.parts).map(function (part) { return [part, s["bits_" + part]]; });
  var bits = parts.reduce(function (sum, part) { return sum + part[1]; }, 0);
  function at(errors, length) { return valueOf(made.bound, { errors: errors, code_bits: length, n: made.n, delta: delta }); }
  var value = at(s.errors, bits);
  var asMade = s.errors === made.errors && bits === made.code_bits;
  clear(ui.words).append(
    (asMade ? "As certified: " : "With these changes: ") + grouped(bits) + " bits and " + grouped(s.errors) + " training errors give a bound of ",
    el("strong", { class: "value", "data-value": String(value) }, percentUp(value)),
    ". The test error of the certified model is " + percent(made.test.errors / made.test.n, 2) + ", its training error " + percent(made.errors / made.n, 2) + "."
  );
  partsBar(ui.bar, parts, bits);
  var free = at(s.errors, 0);
  var length = largestWhole(function (x) { return at(s.errors, x); }, s.target, 16 * made.code_bits + made.n);
  var errors = largestWhole(function (x) { return at(x, bits); }, s.target, made.n);
  clear(ui.ask).append(el("li", { class: "head" }, "To reach " + percent(s.target) + ":"));
  if (length < 0) ui.ask.append(el("li", { id: "ask-bits" }, "No saving of bits is enough: with none at all the errors alone give " + percentUp(free) + "."));
  else ui.ask.append(el("li", { id: "ask-bits", "data-value": String(length) }, length >= bits
    ? "you have " + grouped(length - bits) + " bits to spare: the message may have " + grouped(length) + "."
    : "save " + grouped(bits - length) + " bits of " + grouped(bits) + " (" + percent((bits - length) / bits, 0) + "), at the same errors;"));
  if (errors < 0) ui.ask.append(el("li", { id: "ask-errors" }, "No training errors at all would still give " + percentUp(at(0, bits)) + "."));
  else ui.ask.append(el("li", { id: "ask-errors", "data-value": String(errors) }, errors >= s.errors
    ? "or make up to " + grouped(errors - s.errors) + " more training errors at the same length."
    : "or make " + grouped(s.errors - errors) + " fewer training errors of " + grouped(s.errors) + ", at the same length."));
  ui.ask.append(el("li", { class: "note" }, "The errors alone cost " + percentUp(free) + ", the bits add " + percent(value - free, 2) + "."));
  budgetCurve(ui, made, bits, value, at, length);
  ui.code.show(python([
    "b = bounds[" + JSON.stringify(made.bound) + "]",
    "print(b(errors=" + s.errors + ", code_bits=" + bits + ", n=" + made.n + ", delta=" + delta + "))",
  ].concat(length < 0 ? [] : ['print(b.solve("code_bits", at=' + s.target + ", errors=" + s.errors + ", n=" + made.n + ", delta=" + delta + "))"])));
}

function partsBar(place, parts, bits) {
  var width = Math.max(place.clientWidth, 240);
  var letter = parseFloat(getComputedStyle(place).fontSize) || 16;
  var tall = letter * 3;
  var keys = el("ul", { class: "keys" });
  var root = svg("svg", { viewBox: "0 0 " + width + " " + tall, width: "100%", height: tall, role: "img", "aria-label": "Bits by part of the message" });
  var x = 0;
  parts.forEach(function (part, i) {
    var wide = bits ? (width * part[1]) / bits : 0;
    root.append(svg("rect", { x: x, y: 0, width: Math.max(wide, part[1] ? 1 : 0), height: tall, class: "part lane-" + (i % LANES) }));
    if (wide > letter * (part[0].length * 0.62 + 1)) {
      var name = svg("text", { x: x + wide / 2, y: tall / 2 + letter * 0.35, "text-anchor": "middle", class: "onmap" });
      name.textContent = part[0];
      root.append(name);
    }
    keys.append(el("li", {}, svg("svg", { viewBox: "0 0 10 10", class: "key", "aria-hidden": "true" }, svg("rect", { width: 10, height: 10, class: "lane-" + (i % LANES) })), part[0] + " " + grouped(part[1])));
    x += wide;
  });
  clear(place).append(root, keys);
}

function budgetCurve(ui, made, bits, value, at, length) {
  var s = ui.state;
  var most = Math.max(2 * made.code_bits, bits * 1.1, Math.min(length, 4 * made.code_bits) * 1.1);
  var high = Math.min(1, at(s.errors, most) * 1.08);
  var p = plot(ui.curve, {
    label: "The bound over the length of the message", height: 0.6,
    x: { low: 0, high: most, label: "bits of the message" },
    y: { low: 0, high: high, label: "error rate", show: function (v) { return percent(v, 1); } },
  });
  p.axes();
  var points = [];
  for (var i = 0; i <= 60; i++) points.push([(most * i) / 60, at(s.errors, (most * i) / 60)]);
  var test = made.test.errors / made.test.n;
  p.line([[0, test], [most, test]], "test");
  p.text(p.edge.right, p.y(test) + p.letter * 1.1, "test error", "tag", "end");
  if (s.target < high) {
    p.line([[0, s.target], [most, s.target]], "target");
    p.text(p.edge.right, p.y(s.target) - p.letter * 0.3, "target", "tag", "end");
  }
  if (length >= 0 && length <= most) p.line([[length, 0], [length, s.target]], "target");
  p.line(points, "curve");
  p.add("circle", { cx: p.x(bits), cy: p.y(value), r: p.letter * 0.4, class: "here" });
}
