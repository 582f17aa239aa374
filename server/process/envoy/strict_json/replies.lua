-- ── Replies: what HTTP wants of some beyond the transcoder's JSON, by the name of the route that they take ───────────

local STATE = "sanset.replies"

-- The same reply has the same tag on every worker: 64 bits, mixed as MurmurHash3 mixes and as Jenkins' one-at-a-time
-- does, four bytes at a time.
local function tag_of(content)
  local bor, bxor, rotate, to_bit = bit.bor, bit.bxor, bit.rol, bit.tobit
  local shift_left, shift_right = bit.lshift, bit.rshift
  local one, other = #content, 1
  for index = 1, #content, 4 do
    local first, second, third, fourth = byte(content, index, index + 3)
    local word =
      bor(first, shift_left(second or 0, 8), shift_left(third or 0, 16), shift_left(fourth or 0, 24))
    one = to_bit(rotate(bxor(one, word), 13) * 5 + 3864292196)
    other = to_bit(other + word)
    other = to_bit(other + shift_left(other, 10))
    other = bxor(other, shift_right(other, 6))
  end
  return format('"%s%s"', bit.tohex(one), bit.tohex(other))
end

-- The tags of what was sent before, up to some bytes of it: to find one takes a twentieth of making it.
local MAX_TAGGED_BYTES = 2097152
local tags, tagged_bytes = {}, 0

local function remembered_tag_of(content)
  local tag = tags[content]
  if not tag then
    tag = tag_of(content)
    tagged_bytes = tagged_bytes + #content
    if tagged_bytes > MAX_TAGGED_BYTES then tags, tagged_bytes = {}, #content end
    tags[content] = tag
  end
  return tag
end

-- HEAD is answered as GET, and the length of its body is all that is left of that.
local function answer_head(handle)
  local body = handle:body()
  if not body then return end
  local length = body:length()
  body:setBytes("")
  handle:headers():replace("content-length", tostring(length))
end

-- What a caller who is not signed in reads of the catalogue, caches may keep for a moment, and ask whether it changed.
-- Returns whether it did not.
local function answer_cacheable(handle, body, none_match)
  local headers, tag = handle:headers(), remembered_tag_of(body:getBytes(0, body:length()))
  headers:replace("etag", "W/" .. tag)
  headers:replace("cache-control", CACHE_CONTROL)
  headers:replace("vary", VARY)
  if not none_match or none_match ~= "*" and not find(none_match, tag, 1, true) then return false end
  headers:replace(":status", "304")
  headers:remove("content-type")
  body:setBytes("") -- with a length of 0: without one Envoy would send the end of a chunked body, and 304 has no body
  return true
end

local function answer_catalogue(handle, is_head)
  local state = handle:streamInfo():dynamicMetadata():get(STATE)
  local body = state and state.is_cacheable and handle:headers():get(":status") == "200" and handle:body()
  if body and answer_cacheable(handle, body, state.none_match) then return end
  if is_head then answer_head(handle) end
end

-- What never changes has its name for a tag.
local FOREVER = "public, max-age=31536000, immutable"

local function answer_file(handle, is_head)
  local headers = handle:headers()
  local state = handle:streamInfo():dynamicMetadata():get(STATE)
  local tag = state and state.file_tag
  if not tag or headers:get(":status") ~= "200" then
    if is_head then answer_head(handle) end
    return
  end
  headers:replace("etag", tag)
  headers:replace("cache-control", FOREVER)
  local none_match = state.none_match
  if none_match and (none_match == "*" or find(none_match, tag, 1, true)) then
    headers:replace(":status", "304")
    headers:remove("content-type")
    local body = handle:body()
    if body then body:setBytes("") end
  elseif is_head then
    answer_head(handle)
  end
end

local function answer_lines(handle)
  local headers = handle:headers()
  if headers:get(":status") == "200" then headers:replace("content-type", "application/x-ndjson") end
end

-- What happened has an id, an order's step or changes of the stock, which browsers send back as Last-Event-ID when they connect again. A stream that is
-- refused after its beginning ends with an event named "error".
local function answer_events(handle)
  if handle:headers():get(":status") ~= "200" then return end
  for chunk in handle:bodyChunks() do
    local content = chunk:getBytes(0, chunk:length())
    local numbered, steps =
      string.gsub(content, 'data: ({"%l+":{"sequence":"?(%d+))', function(start, id) return "id: " .. id .. "\ndata: " .. start end)
    local named, errors = string.gsub(numbered, 'data: ({"error":{)', "event: error\ndata: %1")
    if steps + errors > 0 then chunk:setBytes(named) end
  end
end

local ANSWERS = {
  ["json-head"] = answer_head,
  ["catalogue"] = function(handle) answer_catalogue(handle, false) end,
  ["catalogue-head"] = function(handle) answer_catalogue(handle, true) end,
  ["file"] = function(handle) answer_file(handle, false) end,
  ["file-head"] = function(handle) answer_file(handle, true) end,
  ["stream-json-lines"] = answer_lines,
  ["stream-sse"] = answer_events,
}

-- Called by request.lua with the method that takes the request.
function on_binding(handle, binding)
  if not binding.cacheable and not binding.immutable then return end
  local state = handle:streamInfo():dynamicMetadata()
  if binding.immutable then
    local name = string.match(handle:headers():get(":path"), "^[^?]*/([^/?]+)")
    state:set(STATE, "file_tag", '"' .. (name or "") .. '"')
  else
    state:set(STATE, "is_cacheable", true)
  end
  local none_match = handle:headers():get("if-none-match")
  if none_match then state:set(STATE, "none_match", none_match) end
end

function envoy_on_response(handle)
  local answer = ANSWERS[handle:streamInfo():routeName()]
  if answer then answer(handle) end
end
