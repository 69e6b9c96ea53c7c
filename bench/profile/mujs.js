// Queens, objects with a prototype, counts of words, and a sieve.
function queens(n) {
  var count = 0, columns = [], up = [], down = [];
  function place(row) {
    if (row === n) { count++; return }
    for (var column = 0; column < n; column++) {
      if (columns[column] || up[row + column] || down[row - column + n]) continue;
      columns[column] = up[row + column] = down[row - column + n] = true;
      place(row + 1);
      columns[column] = up[row + column] = down[row - column + n] = false;
    }
  }
  place(0);
  return count;
}

function Vector(x, y) { this.x = x; this.y = y }
Vector.prototype.add = function (other) { return new Vector(this.x + other.x, this.y + other.y) };

function words(n) {
  var text = [], counts = {}, best = '';
  for (var i = 0; i < n; i++) text.push('w' + (i * i) % 997);
  text.join(' ').split(' ').forEach(function (word) { counts[word] = (counts[word] || 0) + 1 });
  for (var word in counts) if (best === '' || counts[word] > counts[best]) best = word;
  return best + counts[best];
}

function primes(n) {
  var composite = [], count = 0;
  for (var i = 2; i < n; i++) {
    if (composite[i]) continue;
    count++;
    for (var j = i * 2; j < n; j += i) composite[j] = true;
  }
  return count;
}

var total = new Vector(0, 0);
for (var i = 0; i < 60000; i++) total = total.add(new Vector(i, 1));
print(queens(7), total.x, total.y, words(20000), primes(60000));
