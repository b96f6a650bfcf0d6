// The counter hash of idbounds/projections/stream.py: the same words from the same seed.

var GOLDEN_WORD = 0x9e3779b9;

function mix32(x) {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

// key of one stream; the seed is a whole number below 2^53
function streamKey(seed, stream) {
  var salt = mix32(stream ^ GOLDEN_WORD);
  var k0 = seed % 4294967296;
  var k1 = Math.floor(seed / 4294967296);
  for (var step = 1; step <= 4; step++) {
    var next = (k1 ^ mix32((k0 + salt + Math.imul(step, GOLDEN_WORD)) >>> 0)) >>> 0;
    k1 = k0;
    k0 = next;
  }
  return [k0, k1];
}

function hash32(key, counter) {
  return mix32((mix32((counter ^ key[0]) >>> 0) + key[1]) >>> 0);
}

// P[Binomial(n, p) <= k] for k = 0, ..., n
function binomialTails(n, p) {
  var tails = [];
  var total = 0;
  for (var k = 0; k <= n; k++) {
    total += Math.exp(log_choose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
    tails.push(Math.min(total, 1));
  }
  tails[n] = 1;
  return tails;
}

// the number of successes that a random word stands for: the least k whose tail exceeds it
function binomialFromWord(tails, word) {
  var u = word / 4294967296;
  var low = 0;
  var high = tails.length - 1;
  while (low < high) {
    var middle = (low + high) >> 1;
    if (tails[middle] > u) high = middle;
    else low = middle + 1;
  }
  return low;
}
