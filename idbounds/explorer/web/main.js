// The page: tabs, address, theme, lecture mode.

var PAGE = { lecture: "", theme: "" };
var uis = {};
var current = null;

function uiOf(name) {
  if (uis[name]) return uis[name];
  var panel = PANELS[name];
  var root = el("section", { id: "panel-" + name, role: "tabpanel", "aria-labelledby": "tab-" + name, tabindex: "-1", hidden: true });
  root.append(el("h2", {}, panel.title), el("p", { class: "lead" }, panel.lead));
  document.getElementById("panels").append(root);
  var ui = { name: name, root: root, state: panel.defaults({}) };
  var waiting = false;
  ui.refresh = function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () {
      waiting = false;
      if (current === name) panel.update(ui);
      remember();
    });
  };
  ui.merge = function (changes) {
    Object.assign(ui.state, changes);
    ui.refresh();
  };
  ui.set = function (key, value) {
    ui.state[key] = value;
    ui.refresh();
  };
  ui.replace = function (state) {
    ui.state = state;
    ui.refresh();
  };
  uis[name] = ui;
  panel.build(ui);
  return ui;
}

function show(name, given) {
  if (!(name in PANELS)) name = Object.keys(PANELS)[0];
  current = name;
  var ui = uiOf(name);
  if (given) ui.state = settle(PANELS[name].defaults(given), given, PANELS[name].subject, PANELS[name].problem);
  Object.keys(PANELS).forEach(function (other) {
    var tab = document.getElementById("tab-" + other);
    tab.setAttribute("aria-selected", other === name ? "true" : "false");
    tab.tabIndex = other === name ? 0 : -1;
    // on a phone the row of tabs is wider than the screen
    if (other === name) tab.parentNode.scrollLeft = tab.offsetLeft - tab.parentNode.offsetLeft - 16;
    if (uis[other]) uis[other].root.hidden = other !== name;
  });
  document.title = PANELS[name].title + " · idbounds explorer";
  PANELS[name].update(ui);
}

function remember() {
  var ui = uis[current];
  var address = writeAddress(current, ui.state, PANELS[current].defaults(ui.state), PANELS[current].subject, PAGE);
  if (address !== location.hash) history.replaceState(null, "", address);
}

function followAddress() {
  var found = readAddress(location.hash);
  Object.keys(PAGE).forEach(function (key) { PAGE[key] = found.given[key] || ""; });
  dress();
  show(found.panel, found.given);
}

function dress() {
  var root = document.documentElement;
  root.classList.toggle("lecture", PAGE.lecture === "1");
  if (PAGE.theme === "dark" || PAGE.theme === "light") root.dataset.theme = PAGE.theme;
  else delete root.dataset.theme;
  document.getElementById("lecture").setAttribute("aria-pressed", PAGE.lecture === "1" ? "true" : "false");
}

function isDark() {
  return PAGE.theme ? PAGE.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function setPage(key, value) {
  PAGE[key] = value;
  dress();
  show(current);
  remember();
}

function start() {
  var tabs = document.getElementById("tabs");
  var names = Object.keys(PANELS);
  names.forEach(function (name) {
    tabs.append(el("button", { type: "button", role: "tab", id: "tab-" + name, "aria-selected": "false", onclick: function () { show(name); remember(); } }, PANELS[name].title));
  });
  tabs.addEventListener("keydown", function (event) {
    var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    var next = step ? names[(names.indexOf(current) + step + names.length) % names.length] : { Home: names[0], End: names[names.length - 1] }[event.key];
    if (!next) return;
    event.preventDefault();
    show(next);
    remember();
    document.getElementById("tab-" + next).focus();
  });
  document.getElementById("lecture").addEventListener("click", function () { setPage("lecture", PAGE.lecture === "1" ? "" : "1"); });
  document.getElementById("theme").addEventListener("click", function () { setPage("theme", isDark() ? "light" : "dark"); });
  document.getElementById("link").addEventListener("click", function () { copy(location.href, document.getElementById("link-said")); });
  addEventListener("keydown", function (event) {
    if (event.key === "Escape" && PAGE.lecture === "1") setPage("lecture", "");
  });
  addEventListener("hashchange", followAddress);
  var pending = 0;
  addEventListener("resize", function () {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(function () { show(current); });
  });
  followAddress();
}

// for the console, and for those who want to check a number
window.idbounds = {
  value: valueOf,
  price: priceOf,
  problem: problemOf,
  ids: function () { return Object.keys(DATA.bounds); },
  racing: racingInputs,
  winner: winner,
  largestWhole: largestWhole,
  words: function (seed, stream, start, count) {
    var key = streamKey(seed, stream);
    return Array.from({ length: count }, function (_, i) { return hash32(key, start + i); });
  },
  simulate: simulate,
  arithmeticBits: arithmeticBits,
  canonicalCode: canonicalCode,
};

start();
