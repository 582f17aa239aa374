-- ── Values ──────────────────────────────────────────────────────────────────────────────────────────────

local MUST = {
  string = N_"must be text",
  bytes = N_"must be text in base64",
  bool = N_"must be true or false",
  double = N_"must be a number",
  time = N_"must be a time, such as 2026-01-31T12:00:00Z",
  duration = N_"must be a time in seconds, such as 3.5s",
  mask = N_"must be names of fields, with commas between them",
  message = N_"must be an object",
  object = N_"must be an object",
  map = N_"must be an object",
}

local RANGES = {
  int32 = {first = "-2147483648", last = "2147483647"},
  uint32 = {first = "0", last = "4294967295"},
  int64 = {first = "-9223372036854775808", last = "9223372036854775807"},
  uint64 = {first = "0", last = "18446744073709551615"},
}

local REASON = {
  enum = "FIELD_INVALID_VALUE",
  bytes = "FIELD_INVALID_FORMAT",
  time = "FIELD_INVALID_FORMAT",
  duration = "FIELD_INVALID_FORMAT",
  mask = "FIELD_INVALID_FORMAT",
}

-- Say that a value is not what its field takes
local function mismatch(path, rule)
  local sentence, facts = MUST[rule.kind], nil
  if rule.kind == "enum" then
    sentence, facts = N_"must be one of {names}", {names = rule.names}
  elseif RANGES[rule.kind] then
    sentence, facts = N_"must be a whole number from {first} to {last}", RANGES[rule.kind]
  end
  complain(path, REASON[rule.kind] or "FIELD_WRONG_TYPE", sentence, facts)
end

local LAST = {
  int32 = {"2147483647", "2147483648"},
  uint32 = {"4294967295", "0"},
  int64 = {"9223372036854775807", "9223372036854775808"},
  uint64 = {"18446744073709551615", "0"},
}

local function is_whole(kind, digits)
  if #digits < 10 and find(digits, "^%d+$") then return true end
  local minus, figures = string.match(digits, "^(%-?)0*(%d+)$")
  if not figures then return false end
  local last = LAST[kind][minus == "" and 1 or 2]
  return #figures < #last or (#figures == #last and figures <= last)
end

local DAYS = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

local function is_time(value)
  local year, month, day, hour, minute, second, rest =
    string.match(value, "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$")
  if not year then return false end
  local fraction, zone = string.match(rest, "^(%.?%d*)(.*)$")
  if fraction ~= "" and not find(fraction, "^%.%d%d?%d?%d?%d?%d?%d?%d?%d?$") then return false end
  if zone ~= "Z" and not find(zone, "^[+-]%d%d:%d%d$") then return false end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return year > 0 and DAYS[month] ~= nil and day > 0 and day <= DAYS[month] and (month ~= 2 or day < 29 or leap)
    and tonumber(hour) < 24 and tonumber(minute) < 60 and tonumber(second) < 60
end

-- What a text may say where a field is of some kind
local function any_text() return true end
local function whole_text(rule, value) return is_whole(rule.kind, value) end
local TEXT = {
  any = any_text,
  string = any_text,
  mask = function(_, value) return value ~= "" end,
  bytes = function(_, value) return find(value, "^[%w+/_-]*=*$") end,
  int32 = whole_text, uint32 = whole_text, int64 = whole_text, uint64 = whole_text,
  double = function(_, value)
    return value == "NaN" or value == "Infinity" or value == "-Infinity"
      or (find(value, "^%-?%d+%.?%d*[eE]?[+-]?%d*$") and tonumber(value))
  end,
  enum = function(rule, value)
    return rule.values[string.gsub(string.upper(value), "-", "_")] or is_whole("int32", value)
  end,
  time = function(_, value) return is_time(value) end,
  duration = function(_, value) return find(value, "^%-?%d+%.?%d*s$") end,
}

local function whole_number(rule, value)
  local kind = rule.kind == "enum" and "int32" or rule.kind
  if is_whole(kind, value) then return true end
  local number = tonumber(value) -- 2.0 and 1e3 are whole too
  return find(value, "[.eE]") and number and number % 1 == 0 and math.abs(number) < 2 ^ 53
    and is_whole(kind, format("%.0f", number))
end
local NUMBER = {
  any = any_text, double = any_text, enum = whole_number,
  int32 = whole_number, uint32 = whole_number, int64 = whole_number, uint64 = whole_number,
}

local PLAIN = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code >= 0xD800 and code < 0xE000 then return "\239\191\189" end -- half of a pair
  if code >= 0x10000 then
    return string.char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64)
      .. string.char(0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local function unescaped(raw)
  if not find(raw, "\\", 1, true) then return raw end
  raw = string.gsub(raw, "\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8_of(0x10000 + (tonumber(high, 16) - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00)
  end)
  raw = string.gsub(raw, "\\u(%x%x%x%x)", function(code)
    -- A backslash or quote made so must not be taken for the beginning of an escape below.
    local number = tonumber(code, 16)
    return number == 92 and "\\\\" or number == 34 and '\\"' or utf8_of(number)
  end)
  return (string.gsub(raw, "\\(.)", PLAIN))
end
