#include "engine/sandbox/sandbox_plan.h"

#include <linux/filter.h>
#include <sys/resource.h>

#include <cstring>

namespace hotcell::sandbox {

using protocol::InitChild;
using protocol::InitPlan;
using protocol::Step;

namespace {

constexpr std::uint16_t number_of(Step step) { return static_cast<std::uint16_t>(step); }

void list_steps(const SandboxSpec& spec, const OmittedSteps& omitted, InitPlan& plan) {
    const auto add = [&](Step step) {
        if (!omitted.contains(step)) plan.steps[plan.step_count++] = number_of(step);
    };
    const auto add_child = [&](Step step) {
        if (!omitted.contains(step)) plan.child_steps[plan.child_step_count++] = number_of(step);
    };
    for (const Step step : {Step::TakeIds, Step::JoinCgroups, Step::UnshareCgroupNamespace, Step::SetHostName,
                            Step::MountProc, Step::MountTmp, Step::SetLimits, Step::DropBoundingSet})
        add(step);
    // the child locks itself while pid 1 covers what is left of /proc; it runs nobody's code before both are done
    if (spec.child != InitChild::None) add(Step::ForkChild);
    add(Step::MaskProc);
    if (spec.child != InitChild::None) add(Step::AwaitChild);
    for (const Step step : {Step::DropCapabilities, Step::NoNewPrivileges, Step::LoadFilter}) add(step);
    // Landlock and the filter come last: both refuse what the steps before them need
    for (const Step step : {Step::ChildDescriptors, Step::ChildIds, Step::ChildCapabilities, Step::ChildNoNewPrivileges,
                            Step::ChildLandlock, Step::ChildFilter})
        add_child(step);
}

void list_limits(const SandboxSpec& spec, InitPlan& plan) {
    const auto add = [&](int resource, std::uint64_t value) {
        plan.limits[plan.limit_count++] = {static_cast<std::uint32_t>(resource), 0, value};
    };
    const bool forker = spec.child == InitChild::Forker;
    add(RLIMIT_NOFILE, forker ? 4096 : 1024);  // a forker holds ten descriptors per armed slot; its children lower it
    add(RLIMIT_CORE, 0);
    add(RLIMIT_FSIZE, spec.tmp_bytes);
    add(RLIMIT_MEMLOCK, 64 << 10);
    add(RLIMIT_MSGQUEUE, 0);
    add(RLIMIT_SIGPENDING, 256);
    add(RLIMIT_NPROC, 32768);  // the control group's pids limit is the one that binds
}

std::uint32_t append(std::vector<std::byte>& bytes, const void* data, std::size_t size) {
    while (bytes.size() % alignof(sock_filter) != 0) bytes.push_back(std::byte{0});
    const auto at = static_cast<std::uint32_t>(bytes.size());
    const auto* from = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), from, from + size);
    return at;
}

}  // namespace

std::vector<std::byte> make_init_plan(const SandboxSpec& spec, const Filters& filters, const OmittedSteps& omitted) {
    InitPlan plan{};
    plan.child = spec.child;
    plan.attach_fds = spec.attach_fds;
    plan.tmp_bytes = spec.tmp_bytes;
    plan.tmp_inodes = spec.tmp_inodes;
    plan.require_landlock = spec.require_landlock;
    plan.oom_score_adj = 800;
    std::strncpy(plan.host_name, "hotcell", sizeof plan.host_name - 1);
    list_steps(spec, omitted, plan);
    list_limits(spec, plan);

    std::vector<std::byte> bytes(sizeof plan);
    const auto& child_filter = spec.child == InitChild::Forker ? filters.fork : filters.final;
    plan.init_filter_at = append(bytes, filters.init.data(), filters.init.size());
    plan.init_filter_length = static_cast<std::uint32_t>(filters.init.size() / sizeof(sock_filter));
    plan.child_filter_at = append(bytes, child_filter.data(), child_filter.size());
    plan.child_filter_length = static_cast<std::uint32_t>(child_filter.size() / sizeof(sock_filter));
    plan.strings_at = static_cast<std::uint32_t>(bytes.size());
    for (const auto* list : {&spec.arguments, &spec.environment})
        for (const std::string& text : *list) {
            const auto* from = reinterpret_cast<const std::byte*>(text.c_str());
            bytes.insert(bytes.end(), from, from + text.size() + 1);
        }
    plan.argument_count = static_cast<std::uint32_t>(spec.arguments.size());
    plan.environment_count = static_cast<std::uint32_t>(spec.environment.size());
    plan.size = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &plan, sizeof plan);
    return bytes;
}

}  // namespace hotcell::sandbox
