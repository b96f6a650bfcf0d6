// Elements, sliders, copy buttons.

var SVG = "http://www.w3.org/2000/svg";
var STEPS_OF_A_SLIDER = 1000;

function fill(node, attributes, children) {
  Object.keys(attributes || {}).forEach(function (key) {
    var value = attributes[key];
    if (key.slice(0, 2) === "on") node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  });
  children.forEach(function (child) {
    if (child !== null && child !== undefined) node.append(child);
  });
  return node;
}

function el(tag, attributes) {
  return fill(document.createElement(tag), attributes, Array.prototype.slice.call(arguments, 2));
}

function svg(tag, attributes) {
  return fill(document.createElementNS(SVG, tag), attributes, Array.prototype.slice.call(arguments, 2));
}

// markup that Python generated (formulas)
function math(text, display) {
  var node = el("span");
  node.innerHTML = "<math" + (display ? ' display="block"' : "") + ">" + text + "</math>";
  return node.firstChild;
}

function clear(node) {
  while (node.firstChild) node.removeChild(node.firstChild);
  return node;
}

// the panels stand in one document, so an id names its panel
function idOf(ui, key) {
  return ui.name + "-" + key;
}

// A slider with a box for the exact number. spec: key, label, low, high, scale ("linear", "log" or "cube"),
// integer, says, problem(x) -> text, change(x). Gives { node, show(x), nudge(share) }.
function control(ui, spec) {
  var id = idOf(ui, spec.key);
  var range = el("input", { type: "range", id: id, min: 0, max: STEPS_OF_A_SLIDER, step: 1 });
  var box = el("input", { type: "text", inputmode: "decimal", class: "exact", autocomplete: "off", spellcheck: "false" });
  var note = el("p", { class: "problem", role: "alert", id: id + "-problem" });
  var label = el("label", { for: id }, spec.label);
  range.setAttribute("aria-label", (spec.name || spec.key).replace(/_/g, " "));
  box.setAttribute("aria-label", (spec.name || spec.key).replace(/_/g, " ") + ", exactly");
  box.setAttribute("aria-describedby", id + "-problem");
  function toNumber(position) {
    var share = position / STEPS_OF_A_SLIDER;
    var x = spec.low + (spec.high - spec.low) * (spec.scale === "cube" ? share * share * share : share);
    if (spec.scale === "log") x = spec.low * Math.pow(spec.high / spec.low, share);
    if (spec.integer) return Math.round(x);
    return x === 0 ? 0 : Number(x.toPrecision(3));
  }
  function toPosition(x) {
    if (spec.high === spec.low) return 0;
    var share = (x - spec.low) / (spec.high - spec.low);
    if (spec.scale === "log") share = Math.log(x / spec.low) / Math.log(spec.high / spec.low);
    if (spec.scale === "cube") share = Math.cbrt(share);
    return Math.round(STEPS_OF_A_SLIDER * Math.min(Math.max(share, 0), 1));
  }
  function offer(x) {
    var problem = spec.problem ? spec.problem(x) : "";
    note.textContent = problem;
    box.setAttribute("aria-invalid", problem ? "true" : "false");
    if (!problem) spec.change(x);
  }
  var shown;
  range.addEventListener("input", function () { offer(toNumber(Number(range.value))); });
  range.addEventListener("change", function () { if (note.textContent) range.value = toPosition(shown); });
  box.addEventListener("change", function () {
    offer(box.value.trim() === "" ? NaN : Number(box.value.replace(/[,\s_]/g, "")));
  });
  function show(x) {
    shown = x;
    range.value = toPosition(x);
    range.setAttribute("aria-valuetext", String(x));
    if (document.activeElement !== box || !note.textContent) box.value = String(x);
    if (!(spec.problem && spec.problem(x))) {
      note.textContent = "";
      box.setAttribute("aria-invalid", "false");
    }
  }
  var node = el("div", { class: "control", "data-key": spec.key }, label, range, box, note);
  if (spec.says) node.insertBefore(el("p", { class: "says" }, spec.says), note);
  return {
    node: node,
    show: show,
    // for moving it by dragging a symbol
    place: function () { return Number(range.value); },
    moveTo: function (position) {
      offer(toNumber(Math.min(Math.max(Math.round(position), 0), STEPS_OF_A_SLIDER)));
    },
  };
}

function choice(ui, key, label, options, change) {
  var id = idOf(ui, key);
  var select = el("select", { id: id, onchange: function () { change(select.value); } });
  options.forEach(function (option) { select.append(el("option", { value: option[0] }, option[1])); });
  return {
    node: el("div", { class: "choice" }, el("label", { for: id }, label), select),
    show: function (value) { select.value = value; },
  };
}

function tick(ui, key, label, change) {
  var id = idOf(ui, key);
  var box = el("input", { type: "checkbox", id: id, onchange: function () { change(box.checked); } });
  return {
    node: el("div", { class: "tick" }, box, el("label", { for: id }, label)),
    show: function (value) { box.checked = value; },
  };
}

// a text to take along: a button that copies it, and the text itself to read
function takeAway(name, kind) {
  var text = el("pre", { tabindex: "0", "aria-label": name });
  var said = el("span", { class: "said", role: "status" });
  var button = el("button", { type: "button", onclick: function () { copy(text.textContent, said); } }, "Copy " + name);
  return {
    node: el("div", { class: "take " + kind }, el("div", { class: "row" }, button, said), text),
    show: function (value) { text.textContent = value; },
  };
}

function copy(text, said) {
  function done(good) {
    said.textContent = good ? "copied" : "select the text and copy it";
    setTimeout(function () { said.textContent = ""; }, 2500);
  }
  if (navigator.clipboard) {
    navigator.clipboard.writeText(text).then(function () { done(true); }, function () { done(byHand(text)); });
  } else done(byHand(text));
}

// older browsers: through a selection
function byHand(text) {
  var area = el("textarea", { class: "offstage", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  var good = document.execCommand("copy");
  area.remove();
  return good;
}
