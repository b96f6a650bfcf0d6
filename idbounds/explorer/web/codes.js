// Panel 5: codewords as parts of the unit interval, and a message as ever smaller parts of it.

var LETTERS = "abcdefgh";
var LEVELS = 7; // of the zooming picture

PANELS.codes = {
  title: "The code game",
  lead:
    "A codeword of l bits takes 2⁻ˡ of the unit interval, and there is only one interval (Kraft). " +
    "An arithmetic code takes shares of any size, so a message costs its −log2 p and at most two bits more.",
  defaults: function () {
    var state = { symbols: 4, message: "abacabadaba", model: "fixed" };
    [1, 2, 3, 3, 4, 4, 4, 4].forEach(function (length, i) { state["length_" + LETTERS[i]] = length; });
    [8, 4, 2, 1, 1, 1, 1, 1].forEach(function (weight, i) { state["weight_" + LETTERS[i]] = weight; });
    return state;
  },
  problem: function (key, x) {
    var range = key === "symbols" ? [2, 8] : key.slice(0, 6) === "length" ? [1, 8] : [1, 32];
    return whole(key.replace("_", " of "), range[0], range[1])(x);
  },
  build: function (ui) {
    ui.kraft = el("div", { class: "chart", id: "kraft" });
    ui.words = el("p", { class: "reading", role: "status" });
    ui.message = el("input", { type: "text", id: idOf(ui, "message"), maxlength: 60, spellcheck: "false", autocomplete: "off", oninput: function () { ui.set("message", ui.message.value); } });
    ui.zoom = el("div", { class: "chart", id: "zoom" });
    ui.table = el("table", { id: "lengths" });
    ui.model = choice(ui, "model", "Shares of the arithmetic code", [["fixed", "fixed, from the weights below"], ["adaptive", "adaptive (Krichevsky and Trofimov): learned on the way"]], function (x) { ui.set("model", x); });
    ui.number = control(ui, { key: "symbols", low: 2, high: 8, integer: true, label: "symbols", says: "size of the alphabet", problem: function (x) { return PANELS.codes.problem("symbols", x); }, change: function (x) { ui.set("symbols", x); } });
    ui.lengths = el("div", { class: "controls tight" });
    ui.weights = el("div", { class: "controls tight" });
    ui.sliders = {};
    LETTERS.split("").forEach(function (letter) {
      addSlider(ui, ui.lengths, "length_" + letter, "bits of " + letter, 1, 8);
      addSlider(ui, ui.weights, "weight_" + letter, "weight of " + letter, 1, 32);
    });
    ui.code = takeAway("Python", "code");
    ui.root.append(
      ui.kraft, ui.words, el("div", { class: "choice" }, el("label", { for: idOf(ui, "message") }, "Message"), ui.message), ui.model.node,
      el("div", { class: "beside" }, ui.zoom, ui.table),
      el("h3", {}, "Alphabet and lengths of the codewords"), ui.number.node, ui.lengths, el("h3", {}, "Weights of the arithmetic code"), ui.weights,
      el("div", { class: "takes" }, ui.code.node)
    );
  },
  update: function (ui) {
    var s = ui.state;
    if (s.model !== "adaptive") s.model = "fixed";
    ui.number.show(s.symbols);
    ui.model.show(s.model);
    s.message = s.message.slice(0, 60);
    if (document.activeElement !== ui.message) ui.message.value = s.message;
    LETTERS.split("").forEach(function (letter, i) {
      ["length_", "weight_"].forEach(function (kind) {
        ui.sliders[kind + letter].node.hidden = i >= s.symbols;
        ui.sliders[kind + letter].show(s[kind + letter]);
      });
    });
    ui.weights.classList.toggle("idle", s.model === "adaptive");
    tellCodes(ui);
  },
};

function addSlider(ui, place, key, label, low, high) {
  ui.sliders[key] = control(ui, { key: key, name: label, low: low, high: high, integer: true, label: label, problem: function (x) { return PANELS.codes.problem(key, x); }, change: function (x) { ui.set(key, x); } });
  place.append(ui.sliders[key].node);
}

function pick(state, kind) {
  return LETTERS.slice(0, state.symbols).split("").map(function (letter) { return state[kind + letter]; });
}

function tellCodes(ui) {
  var s = ui.state;
  var alphabet = LETTERS.slice(0, s.symbols);
  var lengths = pick(s, "length_");
  var words = canonicalCode(lengths);
  var sum = kraftSum(lengths);
  drawKraft(ui.kraft, lengths, words, sum);
  var symbols = s.message.toLowerCase().split("").map(function (c) { return alphabet.indexOf(c); });
  var strangers = symbols.indexOf(-1) >= 0;
  clear(ui.words).append(
    "Σ 2⁻ˡ = ", el("strong", { class: "value", "data-value": String(sum) }, String(Number(sum.toPrecision(6)))),
    sum > 1 ? ": too much. No prefix-free code has these lengths; make some codewords longer."
      : sum < 1 ? ": a prefix-free code with room to spare; some codeword could be shorter." : ": a complete prefix-free code. Nothing can be made shorter without making something longer."
  );
  ui.words.classList.toggle("vacuous", sum > 1);
  ui.message.setAttribute("aria-invalid", strangers ? "true" : "false");
  clear(ui.table);
  if (strangers) {
    clear(ui.zoom).append(el("p", { class: "problem", role: "alert" }, "message = " + s.message + ": give letters from a to " + alphabet[alphabet.length - 1]));
    ui.code.show("");
    return;
  }
  var adaptive = s.model === "adaptive";
  var weights = adaptive ? lengths.map(function () { return 1; }) : pick(s, "weight_");
  var steps = intervals(symbols, weights, adaptive ? 2 : 0);
  var bits = arithmeticBits(symbols, weights, adaptive ? 2 : 0);
  var ideal = steps.length ? steps[steps.length - 1].ideal : 0;
  drawZoom(ui.zoom, steps, alphabet);
  lengthTable(ui.table, symbols, words, lengths, bits, ideal);
  var list = "[" + symbols.join(", ") + "]";
  var call = adaptive ? "encode_adaptive(" + list + ", " + s.symbols + ")" : "encode_static(" + list + ", [" + weights.join(", ") + "])";
  ui.code.show("from idbounds.codes import " + call.split("(")[0] + "\n\nbits = " + call + '\nprint(bits.length, "".join(map(str, bits.to_array())))\n');
}

function lengthTable(table, symbols, words, lengths, bits, ideal) {
  table.append(el("caption", {}, "What the message of " + symbols.length + " symbols costs"));
  table.append(el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "code"), el("th", { scope: "col" }, "bits"), el("th", { scope: "col" }, "the message"))));
  var spelt = words && symbols.map(function (symbol) { return words[symbol]; }).join("");
  var body = el("tbody");
  [
    ["codewords", words ? String(spelt.length) : "–", words ? spelt : "no prefix-free code"],
    ["arithmetic", String(bits.length), bits],
    ["−log2 p", ideal.toFixed(3), "2 to the −" + ideal.toFixed(2) + " is its share of the interval"],
  ].forEach(function (row) {
    body.append(el("tr", { "data-code": row[0] }, el("th", { scope: "row" }, row[0]), el("td", { class: "number" }, row[1]), el("td", { class: "bits" }, row[2])));
  });
  table.append(body);
}

// one bar of width 1, or of the sum where that is more
function drawKraft(place, lengths, words, sum) {
  var width = Math.max(place.clientWidth, 240);
  var letter = parseFloat(getComputedStyle(place).fontSize) || 16;
  var tall = letter * 2.6;
  var unit = width / Math.max(sum, 1);
  var root = svg("svg", { viewBox: "0 0 " + width + " " + (tall + letter * 1.5), width: "100%", height: tall + letter * 1.5, role: "img", "aria-label": "Codewords as parts of the unit interval" });
  root.append(svg("rect", { x: 0, y: 0, width: unit, height: tall, class: "room" }));
  var x = 0;
  lengths
    .map(function (length, symbol) { return [length, symbol]; })
    .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
    .forEach(function (pair) {
      var wide = unit * Math.pow(2, -pair[0]);
      var over = x + wide > unit * (1 + 1e-12);
      root.append(svg("rect", { x: x, y: 0, width: wide, height: tall, class: over ? "part wrong" : "part lane-" + (pair[1] % LANES) }));
      var text = LETTERS[pair[1]] + (words ? " " + words[pair[1]] : "");
      if (wide > letter * 0.62 * text.length) {
        var name = svg("text", { x: x + wide / 2, y: tall / 2 + letter * 0.35, "text-anchor": "middle", class: "onmap" });
        name.textContent = text;
        root.append(name);
      }
      x += wide;
    });
  [[0, "0", "start"], [unit, "1", sum > 1 ? "middle" : "end"]].forEach(function (end) {
    var mark = svg("text", { x: end[0], y: tall + letter * 1.2, "text-anchor": end[2], class: "tick" });
    mark.textContent = end[1];
    root.append(mark);
  });
  if (sum > 1) root.append(svg("line", { x1: unit, x2: unit, y1: 0, y2: tall + letter * 0.3, class: "truth" }));
  clear(place).append(root);
}

// each level is the part of the one above that the symbol took, magnified
function drawZoom(place, steps, alphabet) {
  var width = Math.max(place.clientWidth, 240);
  var letter = parseFloat(getComputedStyle(place).fontSize) || 16;
  var tall = letter * 1.6;
  var gap = letter * 1.1;
  var shown = steps.slice(0, LEVELS);
  var height = Math.max(shown.length * (tall + gap), letter * 2);
  var root = svg("svg", { viewBox: "0 0 " + width + " " + height, width: "100%", height: height, role: "img", "aria-label": "The interval of the message, magnified symbol by symbol" });
  shown.forEach(function (step, level) {
    var y = level * (tall + gap);
    var x = 0;
    step.before.weights.forEach(function (weight, symbol) {
      var wide = (width * weight) / step.before.total;
      var taken = symbol === step.symbol;
      root.append(svg("rect", { x: x, y: y, width: wide, height: tall, class: "part lane-" + (symbol % LANES) + (taken ? "" : " faint") }));
      if (wide > letter) {
        var name = svg("text", { x: x + wide / 2, y: y + tall * 0.68, "text-anchor": "middle", class: taken ? "onmap" : "tick" });
        name.textContent = alphabet[symbol];
        root.append(name);
      }
      if (taken && level < shown.length - 1) {
        root.append(svg("path", { d: "M" + x + " " + (y + tall) + "L0 " + (y + tall + gap) + "M" + (x + wide) + " " + (y + tall) + "L" + width + " " + (y + tall + gap), class: "lens" }));
      }
      x += wide;
    });
  });
  clear(place).append(root);
  var rest = steps.length - shown.length;
  if (rest > 0) place.append(el("p", { class: "caption" }, "and so on for " + rest + " more symbol" + (rest > 1 ? "s" : "") + "."));
}
