// Settings as the text that a row has: JSON, the keys those of the public API where it has them.
//
// Keys that are missing mean the default, so that a text of an older engine reads as what it meant; keys that nobody knows are
// left aside. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

using Texts = std::map<std::string, std::string>;
using Weights = std::map<std::string, double>;

std::string as_json(const ServiceSettings& settings);
std::string as_json(const FunctionSettings& settings);
std::string as_json(const Trigger& trigger);
std::string as_json(const ProvisionConfig& config);
std::string as_json(const OnDemandConfig& config);
std::string as_json(const AsyncConfig& config);
std::string as_json(const Layer& layer);
std::string as_json(const Texts& texts);
std::string as_json(const Weights& weights);

/// Broken: it was not written by as_json().
Result<> read_json(std::string_view text, ServiceSettings& settings);
Result<> read_json(std::string_view text, FunctionSettings& settings);
Result<> read_json(std::string_view text, Trigger& trigger);
Result<> read_json(std::string_view text, ProvisionConfig& config);
Result<> read_json(std::string_view text, OnDemandConfig& config);
Result<> read_json(std::string_view text, AsyncConfig& config);
Result<> read_json(std::string_view text, Layer& layer);
Result<> read_json(std::string_view text, Texts& texts);
Result<> read_json(std::string_view text, Weights& weights);

}  // namespace hotcell::catalog
