#include "engine/embed/call_records.h"

#include <gtest/gtest.h>

namespace hotcell::embed {
namespace {

InvokeReport report(const std::string& id, const std::string& tail = {}) {
    InvokeReport made;
    made.request_id = "a-request-id-that-lies-on-the-heap-" + id;
    made.payload = "payload";
    made.log_tail = tail;
    return made;
}

TEST(CallRecords, KeepEverythingButThePayloadWhichTheCallerKeeps) {
    CallRecords records(2);
    InvokeReport one = report("1", "log");
    records.add(one);
    EXPECT_EQ(one.payload, "payload");
    const auto found = records.find(one.request_id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->log_tail, "log");
    EXPECT_EQ(found->payload, "");
}

TEST(CallRecords, ForgetTheOldestFirst) {
    CallRecords records(3);
    for (int i = 0; i < 10; ++i) {
        InvokeReport one = report(std::to_string(i));
        records.add(one);
        for (int k = 0; k <= i; ++k)
            EXPECT_EQ(records.find(report(std::to_string(k)).request_id).has_value(), k > i - 3) << k << " of " << i;
    }
}

TEST(CallRecords, OfTwoCallsWithTheSameIdKeepTheLater) {
    CallRecords records(2);
    InvokeReport first = report("1", "first"), second = report("1", "second"), other = report("2"), third = report("3");
    records.add(first);
    records.add(second);
    EXPECT_EQ(records.find(first.request_id)->log_tail, "second");
    records.add(other);
    EXPECT_TRUE(records.find(first.request_id));
    records.add(third);
    EXPECT_FALSE(records.find(first.request_id));
    EXPECT_TRUE(records.find(other.request_id));
}

}  // namespace
}  // namespace hotcell::embed
