// What the page shows stands in its address: #panel?key=value&... Panels declare their keys with defaults;
// a value is read as the type of its default, and what is at its default is left out of the address.

function readAddress(hash) {
  var text = hash.replace(/^#/, "");
  var cut = text.indexOf("?");
  var given = {};
  new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1)).forEach(function (value, key) { given[key] = value; });
  return { panel: decodeURIComponent(cut < 0 ? text : text.slice(0, cut)), given: given };
}

// State of a panel: its defaults, overridden by what is given and of the right type. A subject (which bound, which
// certificate) decides about the defaults of everything else, and the defaults have taken it up or not. What a panel
// has a problem with stays at its default, too.
function settle(defaults, given, subject, problem) {
  var state = Object.assign({}, defaults);
  Object.keys(defaults).forEach(function (key) {
    if (!(key in given) || key === subject) return;
    if (typeof defaults[key] === "number") {
      var x = Number(given[key]);
      if (given[key].trim() !== "" && isFinite(x) && !(problem && problem(key, x, state))) state[key] = x;
    } else if (typeof defaults[key] === "boolean") state[key] = given[key] === "1";
    else state[key] = given[key];
  });
  return state;
}

function writeAddress(panel, state, defaults, subject, page) {
  var query = new URLSearchParams();
  Object.keys(state).forEach(function (key) {
    var value = state[key];
    if (value !== defaults[key] || key === subject) query.set(key, value === true ? "1" : value === false ? "0" : String(value));
  });
  Object.keys(page).forEach(function (key) { if (page[key]) query.set(key, page[key]); });
  var text = query.toString();
  return "#" + panel + (text ? "?" + text : "");
}
