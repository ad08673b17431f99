// The two runtime APIs, which are one but for names: that of Function Compute (FC_RUNTIME_API) and that of AWS Lambda
// (AWS_LAMBDA_RUNTIME_API). docs/protocol/runtime-api.md.
//
// Here: what differs. Not here: the states and routes, which are the same (runtime_api_environment.h). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/environment/environment.h"
#include "engine/environment/runtime/documents.h"

namespace hotcell::environment {

/// Whose calls they are, made once.
struct ApiIdentity {
    std::string fc_headers;  // lines of a call that are the same in all of them
    std::string function_arn;
    std::string initializer;  // handlers
    std::string pre_freeze;
    std::string pre_stop;
    std::string handler;
    std::uint32_t timeout_s = 0;
    std::uint32_t initialization_timeout_s = 0;
};
ApiIdentity api_identity(const Loaded& loaded);

/// A call as it is handed out, kept until it is answered.
struct ApiCall {
    std::uint32_t kind = 0;  // HC_CALL_*
    std::string request_id;
    std::string qualifier;
    std::int64_t deadline_ms = 0;
    std::uint32_t retry_count = 0;
    std::uint32_t timeout_s = 0;
    std::string http_params;  // FC: of an HTTP call
    std::string event;
};

struct Dialect {
    std::string_view base;          // of every path
    unsigned accepted;              // the status of an answer that is taken
    std::string_view error_header;  // with the type of an error; empty: only the document has it
    bool has_hooks;                 // initializer, preFreeze and preStop are calls
    std::string (*headers)(const ApiIdentity& identity, const ApiCall& call);  // of a call that is handed out
};

extern const Dialect kFunctionCompute;
extern const Dialect kLambda;
/// The one whose paths begin so; null: none.
const Dialect* dialect_of(std::string_view target);

/// Variables of the process beside those of every function.
void add_api_variables(std::map<std::string, std::string>& variables, const Loaded& loaded);

/// The base64 of an HTTP call's head, as FC's x-fc-http-params has it.
std::string http_params_of(const HttpCall& call);
/// The head of an answer out of such a header; nullopt: it is none.
std::optional<HttpAnswer> http_answer_of(std::string_view params);

}  // namespace hotcell::environment
