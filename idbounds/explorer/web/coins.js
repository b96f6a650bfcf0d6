// Panel 4: rooms full of coins. Each coin is a hypothesis that errs with probability p, whatever the room makes
// of it. The bound of the best-looking coin is wrong when it lies below p.

// what one room after another can be counted through while the reader waits
var LIMITS = { coins: [1, 4096], n: [1, 2000], rooms: [1, 4000], seed: [0, Number.MAX_SAFE_INTEGER], look: [1, 4000] };

PANELS.coins = {
  title: "The coin room",
  lead:
    "In each room every coin is tossed n times, and the one with the fewest errors is brought out with its bound. " +
    "A bound may be wrong in a share δ of the rooms, no matter how many coins there are, if the code was fixed before the tosses.",
  defaults: function () {
    return { code: "before", coins: 64, n: 100, p: 0.5, delta: 0.05, rooms: 400, seed: 0, look: 1 };
  },
  problem: function (key, x, state) {
    if (key === "delta") return problemOf("delta", x);
    if (key === "p") return x > 0 && x < 1 ? "" : "p = " + x + ": give a rate in (0, 1)";
    return whole(key, LIMITS[key][0], key === "look" ? state.rooms : LIMITS[key][1])(x);
  },
  build: function (ui) {
    ui.grid = el("div", { class: "chart", id: "rooms" });
    ui.words = el("p", { class: "reading", role: "status" });
    ui.room = el("div", { class: "chart", id: "one-room" });
    ui.radios = {};
    var picks = el("fieldset", { class: "picks" }, el("legend", {}, "The code was chosen"));
    [["before", "before the tosses: each coin has the same number of bits"], ["after", "after the tosses: the best coin gets one bit"]].forEach(function (pair) {
      var radio = el("input", { type: "radio", name: "code", id: idOf(ui, "code-" + pair[0]), value: pair[0], onchange: function () { ui.set("code", pair[0]); } });
      ui.radios[pair[0]] = radio;
      picks.append(el("div", { class: "tick" }, radio, el("label", { for: idOf(ui, "code-" + pair[0]) }, pair[1])));
    });
    ui.sliders = {};
    var controls = el("div", { class: "controls" });
    [
      { key: "coins", low: 1, high: 1024, scale: "log", integer: true, label: "coins in a room", says: "hypotheses; with the code fixed before, each costs log2 of their number in bits" },
      { key: "n", low: 10, high: 400, integer: true, label: "tosses n", says: "training examples" },
      { key: "p", low: 0.01, high: 0.99, label: "p", says: "the true error rate of every coin" },
      { key: "delta", low: 0.001, high: 0.5, scale: "log", label: "δ", says: DATA.quantities.delta.says },
      { key: "rooms", low: 50, high: 1000, integer: true, label: "rooms", says: "independent repetitions" },
      { key: "seed", low: 0, high: 99, integer: true, label: "seed", says: "of all tosses; the same seed gives the same rooms" },
      { key: "look", low: 1, high: 1000, integer: true, label: "look into room", says: "which one is drawn; or click a square" },
    ].forEach(function (spec) {
      spec.change = function (x) { ui.set(spec.key, x); };
      spec.problem = function (x) { return PANELS.coins.problem(spec.key, x, ui.state); };
      ui.sliders[spec.key] = control(ui, spec);
      ui.sliders[spec.key].spec = spec;
      controls.append(ui.sliders[spec.key].node);
    });
    ui.code = takeAway("Python", "code");
    ui.root.append(picks, ui.words, el("div", { class: "beside" }, ui.grid, ui.room), controls, el("div", { class: "takes" }, ui.code.node));
  },
  update: function (ui) {
    var s = ui.state;
    if (s.code !== "after") s.code = "before";
    if (s.look > s.rooms) s.look = s.rooms;
    ui.sliders.look.spec.high = s.rooms;
    Object.keys(ui.radios).forEach(function (key) { ui.radios[key].checked = key === s.code; });
    Object.keys(ui.sliders).forEach(function (key) { ui.sliders[key].show(s[key]); });
    tellRooms(ui, simulate(s));
  },
};

function whole(name, low, high) {
  return function (x) {
    return isWhole(x) && x >= low && x <= high ? "" : name + " = " + x + ": give an integer from " + low + " to " + high;
  };
}

// Each room's fewest errors, and the largest number of errors at which the bound lies below p. The errors of
// coin i of room r come from word r coins + i of the stream.
function simulate(s) {
  var bits = s.code === "before" ? Math.log2(s.coins) : 1;
  var tails = binomialTails(s.n, s.p);
  var key = streamKey(s.seed, DATA.stream);
  function bound(k) { return valueOf("occam-binomial", { errors: k, code_bits: bits, n: s.n, delta: s.delta }); }
  var wrongUpTo = -1;
  while (wrongUpTo < s.n && bound(wrongUpTo + 1) < s.p) wrongUpTo++;
  var fewest = [];
  for (var r = 0; r < s.rooms; r++) {
    var least = 0xffffffff;
    // fewer errors come from smaller words
    for (var i = 0; i < s.coins; i++) least = Math.min(least, hash32(key, r * s.coins + i));
    fewest.push(binomialFromWord(tails, least));
  }
  var one = wrongUpTo < 0 ? 0 : tails[wrongUpTo];
  return {
    bits: bits, bound: bound, tails: tails, key: key, wrongUpTo: wrongUpTo, fewest: fewest,
    wrong: fewest.filter(function (k) { return k <= wrongUpTo; }).length,
    chance: -Math.expm1(s.coins * Math.log1p(-one)),
  };
}

function tellRooms(ui, found) {
  var s = ui.state;
  clear(ui.words).append(
    "In ", el("strong", { class: "value", "data-value": String(found.wrong) }, grouped(found.wrong)), " of " + grouped(s.rooms) + " rooms the bound is wrong: " + percent(found.wrong / s.rooms) +
    ". By calculation: " + percent(found.chance) + ". Allowed: " + percent(s.delta) + ". " +
    (s.code === "before"
      ? "The code was there first, and the promise is kept."
      : found.chance > s.delta
        ? "The code was chosen after seeing the tosses: the promise is broken."
        : "The code was chosen after seeing the tosses; with so few coins that does no harm yet.")
  );
  ui.words.classList.toggle("vacuous", found.chance > s.delta);
  drawRooms(ui, found);
  drawRoom(ui, found);
  var k = found.fewest[s.look - 1];
  ui.code.show(python(["# the best coin of room " + s.look, "print(" + pythonCall("occam-binomial", { errors: k, code_bits: found.bits, n: s.n, delta: s.delta }) + ")"]));
}

function drawRooms(ui, found) {
  var s = ui.state;
  var width = Math.max(ui.grid.clientWidth, 240);
  var columns = Math.max(10, Math.round(Math.sqrt(s.rooms * 1.6)));
  var size = width / columns;
  var height = Math.ceil(s.rooms / columns) * size;
  var root = svg("svg", {
    viewBox: "0 0 " + width + " " + height, width: "100%", height: height, role: "img",
    "aria-label": found.wrong + " of " + s.rooms + " rooms in which the bound is wrong",
  });
  found.fewest.forEach(function (k, r) {
    var x = (r % columns) * size;
    var y = Math.floor(r / columns) * size;
    var wrong = k <= found.wrongUpTo;
    root.append(svg("rect", { x: x + size * 0.08, y: y + size * 0.08, width: size * 0.84, height: size * 0.84, class: (wrong ? "room wrong" : "room") + (r + 1 === s.look ? " looked" : "") }));
    // a cross, too: colour alone is not for everyone
    if (wrong) root.append(svg("path", { d: "M" + (x + size * 0.3) + " " + (y + size * 0.3) + "l" + size * 0.4 + " " + size * 0.4 + "m0 " + -size * 0.4 + "l" + -size * 0.4 + " " + size * 0.4, class: "cross" }));
  });
  root.addEventListener("click", function (event) {
    var box = root.getBoundingClientRect();
    var scale = width / box.width;
    var r = Math.floor(((event.clientY - box.top) * scale) / size) * columns + Math.floor(((event.clientX - box.left) * scale) / size);
    if (r < s.rooms) ui.set("look", r + 1);
  });
  clear(ui.grid).append(root, el("p", { class: "caption" }, "Each square is a room; a cross: its bound is wrong."));
}

function drawRoom(ui, found) {
  var s = ui.state;
  var counts = {};
  for (var i = 0; i < s.coins; i++) {
    var k = binomialFromWord(found.tails, hash32(found.key, (s.look - 1) * s.coins + i));
    counts[k] = (counts[k] || 0) + 1;
  }
  var most = Math.max.apply(null, Object.keys(counts).map(function (k) { return counts[k]; }));
  var best = found.fewest[s.look - 1];
  var bound = found.bound(best);
  var p = plot(ui.room, {
    label: "The coins of one room by their share of errors", height: 0.62,
    x: { low: 0, high: 1, label: "share of errors of a coin", show: function (v) { return percent(v, 1); } },
    y: { low: 0, high: most * 1.35, label: "coins in room " + s.look, ticks: ticks({ low: 0, high: most }, 4).filter(isWhole) },
  });
  p.axes();
  var wide = Math.max((p.edge.right - p.edge.left) / (s.n + 1), 1.5);
  Object.keys(counts).forEach(function (k) {
    p.add("rect", { x: p.x(k / s.n) - wide / 2, y: p.y(counts[k]), width: wide, height: p.y(0) - p.y(counts[k]), class: Number(k) === best ? "coin best" : "coin" });
  });
  p.line([[s.p, 0], [s.p, most * 1.3]], "truth");
  p.text(p.x(s.p) + p.letter * 0.3, p.edge.top + p.letter * 0.6, "p", "tag");
  var y = most * 1.12;
  p.line([[best / s.n, y], [bound, y]], bound < s.p ? "reach wrong" : "reach");
  p.line([[bound, y * 0.96], [bound, y * 1.04]], bound < s.p ? "reach wrong" : "reach");
  p.text(p.x(bound), p.y(y) - p.letter * 0.5, "bound " + percentUp(bound), "tag", bound < s.p || bound > 0.7 ? "end" : "start");
}
