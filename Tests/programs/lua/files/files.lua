local lines = {}
for line in io.lines(arg[1]) do lines[#lines + 1] = line end
table.sort(lines)
local output <close> = assert(io.open(arg[2], "w"))
for i, line in ipairs(lines) do output:write(i, "\t", line, "\n") end
print(#lines, output:seek("cur"))
print(io.open("/missing.txt"))
print(os.rename(arg[1], "/renamed.txt"), os.remove("/nothing"))
