-- wrk: calls of one kind. Arguments: file with the body, `new` or `unchanged`, number of known blocks, credential header, method.
-- Ends with a line that `run` reads.
local parts, requests, head, number, last = {}, {}, nil, 0, 0
local WORD, WIDTH = "BLOCKNUM", 8

-- Splits the body at the places of its block's number.
local function split(body)
    local from = 1
    while true do
        local start = body:find(WORD, from, true)
        parts[#parts + 1] = body:sub(from, start and start - 1)
        if not start then return end
        from = start + WIDTH
    end
end

function init(args)
    local file = assert(io.open(args[1]))
    local body = file:read("*a"):gsub("\n$", "")
    file:close()
    split(body)
    head = args[5] .. " " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nContent-Type: application/json\r\n" ..
        args[4] .. "\r\nContent-Length: " .. #body .. "\r\n\r\n"
    for block = 0, args[2] == "new" and -1 or tonumber(args[3]) - 1 do
        requests[block + 1] = head .. table.concat(parts, tostring(10000000 + block))
    end
end

-- The next request: with a new block, or the known ones in turn.
function request()
    number = number + 1
    if #requests > 0 then return requests[(number - 1) % #requests + 1] end
    return head .. table.concat(parts, tostring(20000000 + number))
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %.1f %.3f %.3f %d %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
