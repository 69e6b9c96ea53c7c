-- Queens, a class of vectors with closures, counts of words, and a matrix product.
local function queens(n)
  local count, columns, up, down = 0, {}, {}, {}
  local function place(row)
    if row > n then count = count + 1 return end
    for column = 1, n do
      if not (columns[column] or up[row + column] or down[row - column]) then
        columns[column], up[row + column], down[row - column] = true, true, true
        place(row + 1)
        columns[column], up[row + column], down[row - column] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
function Vector:length() return math.sqrt(self.x * self.x + self.y * self.y) end

local function words(n)
  local counts, text = {}, {}
  for i = 1, n do text[i] = "w" .. (i * i) % 997 end
  for word in table.concat(text, " "):gmatch("%a%d+") do counts[word] = (counts[word] or 0) + 1 end
  local keys = {}
  for word in pairs(counts) do keys[#keys + 1] = word end
  table.sort(keys, function(a, b) return counts[a] > counts[b] or counts[a] == counts[b] and a < b end)
  return keys[1], counts[keys[1]]
end

local function product(n)
  local a, b, sum = {}, {}, 0
  for i = 1, n do
    a[i], b[i] = {}, {}
    for j = 1, n do a[i][j], b[i][j] = i + j, i - j end
  end
  for i = 1, n do
    for j = 1, n do
      local cell = 0
      for k = 1, n do cell = cell + a[i][k] * b[k][j] end
      sum = sum + cell % 7
    end
  end
  return sum
end

local total = setmetatable({ x = 0.0, y = 0.0 }, Vector)
for i = 1, 300000 do total = total + setmetatable({ x = i, y = 1 / i }, Vector) end
print(queens(8), total:length(), words(120000), product(120))
