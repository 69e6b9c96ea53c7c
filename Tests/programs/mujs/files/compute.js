// Sorting, strings, regular expressions, JSON, closures.
var primes = [];
var sieve = [];
for (var i = 2; i < 30000; ++i) {
  if (sieve[i]) continue;
  primes.push(i);
  for (var j = i * i; j < 30000; j += i) sieve[j] = true;
}
print(primes.length, primes[primes.length - 1]);

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
print(fib(22));

var words = "the quick brown fox jumps over the lazy dog".split(" ");
print(words.sort(function (a, b) { return a.length - b.length || (a < b ? -1 : 1); }).join(","));
print("2026-11-24".replace(/(\d+)-(\d+)-(\d+)/, "$3.$2.$1"));
print(JSON.stringify({ a: [1, 2, { b: null }], c: "\u00e4\n" }), JSON.parse("[1,{\"x\":2}]")[1].x);

var random = 12345, numbers = [];
for (i = 0; i < 5000; ++i) {
  random = (random * 1103515245 + 12345) % 2147483648;
  numbers.push(random % 1000);
}
numbers.sort(function (a, b) { return a - b; });
print(numbers[0], numbers[2500], numbers[4999], (0.1 + 0.2).toFixed(10), Math.sqrt(2));
