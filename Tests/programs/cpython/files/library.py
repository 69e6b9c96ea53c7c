import collections, csv, decimal, fractions, hashlib, io, itertools, json, os, random, re, struct, sys, textwrap

print(sys.argv[1:], sys.byteorder, sys.maxsize)
print(json.dumps({"b": [1, 2.5, None, True], "a": "é\u2028"}, sort_keys=True))
print(hashlib.sha256(b"wasm").hexdigest(), hashlib.md5(b"").hexdigest())
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world again now"))
print(decimal.Decimal(1) / decimal.Decimal(7), fractions.Fraction(1, 3) + fractions.Fraction(1, 6))
random.seed(42)
print([random.randrange(1000) for _ in range(8)], random.gauss(0, 1))
print(collections.Counter("mississippi").most_common(2), list(itertools.permutations("abc", 2))[:3])
print(2 ** 500 % 10 ** 40, 0.1 + 0.2, float("1e308") * 10, -7 // 2, struct.pack(">hq", -2, 3))
with open("/table.csv", "w", newline="") as file:
    csv.writer(file).writerows([i, i * i, f"{i / 7:.5f}"] for i in range(200))
print(os.stat("/table.csv").st_size, sorted(os.listdir("/")))
print(textwrap.fill(" ".join(str(i) for i in range(60)), 50))


def queens(n, row=0, columns=0, up=0, down=0):
    if row == n:
        return 1
    return sum(queens(n, row + 1, columns | 1 << c, (up | 1 << c) << 1, (down | 1 << c) >> 1)
               for c in range(n) if not (columns | up | down) >> c & 1)


print("queens", queens(7))
try:
    open("/missing/file")
except OSError as error:
    print(error)
print(io.StringIO("a\nb").readlines())
