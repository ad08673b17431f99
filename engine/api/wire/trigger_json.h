// Triggers as the API reads and writes them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

/// How `triggerConfig` is written: an object in the tree 2016-08-15, a string that holds one in 2021-04-06. Both are read.
enum class ConfigForm : std::uint8_t { Object, Text };

Result<Trigger> read_trigger(std::string service, std::string function, std::string_view body);
Result<TriggerChange> read_trigger_change(std::string_view body);

/// `address` is "http://HOST" of the server as the client calls it, for the trigger's own address.
std::string json_of(const Trigger& trigger, ConfigForm form, std::string_view address);
/// {"triggers": […], "nextToken"}
std::string json_of(const Page<Trigger>& page, ConfigForm form, std::string_view address);

}  // namespace hotcell::api
