// Services and their tags as the API reads and writes them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/catalog.h"

namespace hotcell::api {

Result<Service> read_service(std::string_view body);
Result<ServiceChange> read_service_change(std::string_view body);

std::string json_of(const Service& service);
/// {"services": […], "nextToken": …}; the token is absent on the last page.
std::string json_of(const Page<Service>& page);

struct TagRequest {
    std::string service;
    std::map<std::string, std::string> tags;  // to be set
    std::vector<std::string> keys;            // to be taken away
    bool all = false;
};
/// {"resourceArn", "tags"} of POST /tag.
Result<TagRequest> read_tags(std::string_view body);
/// {"resourceArn", "tagKeys", "all"} of DELETE and PUT /tag.
Result<TagRequest> read_untag(std::string_view body);
/// {"resourceArn", "tags"}
std::string json_of_tags(const Service& service);
/// {"resources": [{"resourceArn", "tags"}], "nextToken"}: of the services that have tags.
std::string json_of_tagged(const Page<Service>& page);

}  // namespace hotcell::api
