// Panel 1: one bound as a sentence. Drag a symbol of the formula (or its slider) and read what becomes of it.

var CERTIFIED = DATA.certificates[1]; // whose numbers the panel begins with

PANELS.sentence = {
  title: "The sentence",
  lead: "A bound is a sentence about numbers. Drag any symbol of it sideways, or use its slider, and read what it then says.",
  subject: "bound",
  defaults: function (given) {
    var id = given.bound in DATA.bounds ? given.bound : "occam-binomial";
    return Object.assign({ bound: id }, DATA.bounds[id].example, id === CERTIFIED.bound ? numbersOf(CERTIFIED) : {});
  },
  build: function (ui) {
    var byFamily = {};
    Object.keys(DATA.bounds).forEach(function (id) {
      var family = DATA.bounds[id].family;
      (byFamily[family] = byFamily[family] || []).push(id);
    });
    var select = el("select", { id: idOf(ui, "bound"), onchange: function () { ui.replace(keep(ui.state, select.value)); } });
    Object.keys(byFamily).forEach(function (family) {
      var group = el("optgroup", { label: family });
      byFamily[family].forEach(function (id) { group.append(el("option", { value: id }, DATA.bounds[id].title)); });
      select.append(group);
    });
    ui.select = select;
    ui.formula = el("div", { class: "formula", tabindex: "0", role: "group", "aria-label": "formula" });
    ui.reading = el("p", { class: "reading", role: "status" });
    ui.moved = el("p", { class: "moved" });
    ui.controls = el("div", { class: "controls" });
    ui.conditions = el("div", { class: "conditions" });
    ui.code = takeAway("Python", "code");
    ui.cite = takeAway("BibTeX", "cite");
    ui.root.append(
      el("div", { class: "choice" }, el("label", { for: idOf(ui, "bound") }, "Bound"), select),
      ui.formula, ui.reading, ui.moved, ui.controls, ui.conditions,
      el("div", { class: "takes" }, ui.code.node, ui.cite.node)
    );
  },
  update: function (ui) {
    if (ui.shownBound !== ui.state.bound) arrange(ui);
    fit(ui.formula);
    read(ui);
  },
};

function numbersOf(made) {
  return { errors: made.errors, code_bits: made.code_bits, n: made.n, delta: Number(made.delta) };
}

// the numbers that the new bound knows, too; where they do not fit together, its example
function keep(state, id) {
  var next = Object.assign({ bound: id }, DATA.bounds[id].example);
  var kept = Object.assign({}, next);
  DATA.bounds[id].takes.forEach(function (name) { if (name in state) kept[name] = state[name]; });
  return problemsOf(id, kept).length || saysNothing(id, valueOf(id, kept), kept) ? next : kept;
}

function sliderOf(ui, name) {
  var q = DATA.quantities[name];
  var whole = q.partOf in ui.state ? ui.state[q.partOf] : Infinity;
  var low = q.typical[0];
  var high = Math.max(low, Math.min(q.typical[1], whole));
  var scale = low > 0 && high / low >= 50 ? "log" : low === 0 && high > 100 ? "cube" : "linear";
  return { low: q.partOf in ui.state ? 0 : low, high: high, scale: scale };
}

function arrange(ui) {
  var bound = DATA.bounds[ui.state.bound];
  ui.shownBound = ui.state.bound;
  ui.anchor = ui.last = ui.lastMoved = null;
  ui.select.value = ui.state.bound;
  clear(ui.formula).append(math(bound.formula, true));
  clear(ui.controls);
  ui.sliders = {};
  ui.prices = {};
  bound.takes.forEach(function (name) {
    var q = DATA.quantities[name];
    ui.prices[name] = el("span", { class: "price" });
    var label = el("span", {}, math(q.symbol), name === q.letter ? "" : el("span", { class: "name" }, name.replace(/_/g, " ")));
    var spec = Object.assign(sliderOf(ui, name), {
      key: name, name: name, label: label, integer: q.integer,
      says: el("span", {}, q.says + ". ", ui.prices[name]),
      problem: function (x) { return problemOf(name, x, ui.state) || wouldBreak(ui, name, x); },
      change: function (x) { ui.lastMoved = name; ui.set(name, x); },
    });
    ui.sliders[name] = control(ui, spec);
    ui.sliders[name].spec = spec;
    ui.controls.append(ui.sliders[name].node);
  });
  makeDraggable(ui);
  clear(ui.conditions).append(
    el("h3", {}, "It holds"),
    el("p", {}, bound.holds + (bound.certifies ? "." : ". ") , bound.certifies ? "" : el("strong", {}, bound.standing + ": " + bound.because + ".")),
    el("h3", {}, "provided that"),
    fill(el("ul"), {}, bound.assumes.map(function (a) { return el("li", {}, a[0] + (a[1] === "checked" ? " (a replay checks it)" : " (declared by the author)")); })),
    el("p", { class: "source" }, "Source: " + bound.source)
  );
  ui.cite.show(bound.bibtex + "\n");
}

// a long formula in smaller letters, down to those of the text; what is longer still can be scrolled
function fit(place) {
  var inside = place.firstChild;
  inside.style.fontSize = "";
  var style = getComputedStyle(place);
  var room = place.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  var least = parseFloat(getComputedStyle(document.documentElement).fontSize) / parseFloat(style.fontSize);
  if (inside.scrollWidth > room) inside.style.fontSize = Math.max(room / inside.scrollWidth, least) + "em";
}

// a part that would then exceed this whole
function wouldBreak(ui, name, x) {
  var changed = Object.assign({}, ui.state);
  changed[name] = x;
  return DATA.bounds[ui.state.bound].takes
    .filter(function (part) { return DATA.quantities[part].partOf === name; })
    .map(function (part) { return problemOf(part, changed[part], changed); })
    .join("");
}

function makeDraggable(ui) {
  ui.formula.querySelectorAll(".q").forEach(function (symbol) {
    var slider = ui.sliders[symbol.dataset.q];
    var start = null;
    symbol.addEventListener("pointerdown", function (event) {
      start = { x: event.clientX, place: slider.place() };
      symbol.setPointerCapture(event.pointerId);
      symbol.classList.add("held");
      slider.node.classList.add("held");
      event.preventDefault();
    });
    symbol.addEventListener("pointermove", function (event) {
      if (start) slider.moveTo(start.place + (event.clientX - start.x) * 2);
    });
    ["pointerup", "pointercancel"].forEach(function (kind) {
      symbol.addEventListener(kind, function () {
        start = null;
        symbol.classList.remove("held");
        slider.node.classList.remove("held");
      });
    });
  });
}

function read(ui) {
  var id = ui.state.bound;
  var bound = DATA.bounds[id];
  var inputs = {};
  bound.takes.forEach(function (name) { inputs[name] = ui.state[name]; });
  bound.takes.forEach(function (name) {
    Object.assign(ui.sliders[name].spec, sliderOf(ui, name)); // the largest part moves with its whole
    ui.sliders[name].show(inputs[name]);
  });
  var problems = problemsOf(id, inputs);
  ui.formula.classList.toggle("silent", problems.length > 0);
  if (problems.length) {
    ui.reading.textContent = problems[0];
    ui.code.show("");
    return;
  }
  var value = valueOf(id, inputs);
  var empty = saysNothing(id, value, inputs);
  var sure = "delta" in inputs ? "With probability at least " + sureness(inputs.delta) + ", " : "";
  clear(ui.reading).append(
    sure + bound.what + " is at most ", el("strong", { class: "value", "data-value": String(value) }, stated(id, value)),
    empty ? ". That is vacuous: it holds without any data." : "."
  );
  ui.reading.classList.toggle("vacuous", empty);
  bound.takes.forEach(function (name) {
    var price = priceOf(id, name, inputs);
    ui.prices[name].textContent = price === null || bound.unit !== "rate" ? "" : "It adds " + (100 * price).toFixed(2) + " percentage points.";
  });
  tellMove(ui, id, inputs, value);
  ui.code.show(python(["print(" + pythonCall(id, inputs) + ")"]));
}

// what moving one symbol did, since it was taken hold of
function tellMove(ui, id, inputs, value) {
  var name = ui.lastMoved;
  if (name && ui.last && (!ui.anchor || ui.anchor.name !== name)) ui.anchor = { name: name, from: ui.last[name], value: ui.lastValue };
  ui.last = inputs;
  ui.lastValue = value;
  if (!name || !ui.anchor) {
    var certified = id === CERTIFIED.bound && valueOf(id, numbersOf(CERTIFIED)) === value;
    ui.moved.textContent = certified ? "These are the numbers of a committed certificate: " + CERTIFIED.file + "." : "";
    return;
  }
  var from = ui.anchor;
  var verb = value > from.value ? " rises" : value < from.value ? " falls" : " stays";
  ui.moved.textContent =
    name.replace(/_/g, " ") + " " + grouped(from.from) + " → " + grouped(inputs[name]) + ": the bound" + verb +
    (value === from.value ? "." : " from " + stated(id, from.value) + " to " + stated(id, value) + ".");
}
