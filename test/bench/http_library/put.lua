-- wrk: one single upsert of 300 bytes, again and again; ends with a line that `run` reads.
local body = '{"external_id":"SO-1","external_source":"SAP","job_number":"J-1","notes":"'
body = body .. string.rep("n", 300 - #body - 2) .. '"}'
wrk.method, wrk.body = "PUT", body
wrk.headers["Content-Type"] = "application/json"

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %.0f %.3f %.3f %d %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
