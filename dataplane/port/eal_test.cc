#include "dataplane/port/eal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <fstream>

namespace sluice::port {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::vector<std::string> arguments_of(const EalSettings& settings, bool hugepages) {
  const std::vector<unsigned> cpus{0, 1, 2, 3};
  return eal_arguments(settings, hugepages, cpus, "sluice-1");
}

TEST(EalArguments, PinWorkersAndLetTheControlThreadHaveItsCpus) {
  EalSettings settings;
  settings.worker_cpus = {2, 3};
  EXPECT_THAT(arguments_of(settings, false),
              AllOf(Contains("--lcores=0@(0,1,2,3),1@2,2@3"), Contains("--main-lcore=0")));
}

TEST(ControlCpus, AreTheOnesThatNoWorkerHas) {
  const std::vector<unsigned> allowed{0, 1, 2, 5};
  EXPECT_EQ(control_cpus(allowed, std::vector{1U, 5U}), (std::vector{0U, 2U}));
}

TEST(ControlCpus, AreAllWhereWorkersHaveAll) {
  const std::vector<unsigned> allowed{3, 4};
  EXPECT_EQ(control_cpus(allowed, std::vector{4U, 3U}), allowed);
}

TEST(EalArguments, HugepagesNeedNoMountAndNeverMeetNoHuge) {
  EalSettings settings;
  settings.worker_cpus = {0};
  EXPECT_THAT(arguments_of(settings, true),
              AllOf(Contains("--in-memory"), Not(Contains("--no-huge"))));
  EXPECT_THAT(arguments_of(settings, false),
              AllOf(Contains("--no-huge"), Contains("--no-shconf"), Not(Contains("--in-memory"))));
}

TEST(EalArguments, SmallPagesMayTakeMoreMemory) {
  EalSettings settings;
  settings.worker_cpus = {0};
  settings.memory_mib = 100;
  EXPECT_THAT(arguments_of(settings, false), Contains("100"));
  settings.small_page_memory_mib = 170;
  EXPECT_THAT(arguments_of(settings, false), Contains("170"));
  EXPECT_THAT(arguments_of(settings, true), Contains("100"));
}

TEST(EalArguments, MemoryThatIsSharedLiesInOneFile) {
  EalSettings settings;
  settings.worker_cpus = {0};
  EXPECT_THAT(arguments_of(settings, true), Not(Contains("--single-file-segments")));
  settings.shares_memory = true;
  EXPECT_THAT(arguments_of(settings, true), Contains("--single-file-segments"));
}

TEST(EalArguments, TouchOnlyTheNamedPciDevices) {
  EalSettings settings;
  settings.worker_cpus = {0};
  EXPECT_THAT(arguments_of(settings, true), AllOf(Contains("--no-pci"), Not(Contains("-a"))));
  settings.pci_addresses = {"0000:3b:00.0"};
  EXPECT_THAT(arguments_of(settings, true),
              AllOf(Not(Contains("--no-pci")), Contains("-a"), Contains("0000:3b:00.0"),
                    Not(Contains("--iova-mode=va"))));
}

TEST(EalArguments, OperatorsOwnComeLast) {
  EalSettings settings;
  settings.worker_cpus = {0};
  settings.extra_arguments = {"--log-level=debug"};
  EXPECT_EQ(arguments_of(settings, false).back(), "--log-level=debug");
}

TEST(Hugepages, AutoTakesThemOnlyWhenEnoughAreFree) {
  EXPECT_TRUE(decide_hugepages(HugepageUse::kAuto, 256 * kMiB, 256 * kMiB));
  EXPECT_FALSE(decide_hugepages(HugepageUse::kAuto, 256 * kMiB, 254 * kMiB));
  EXPECT_FALSE(decide_hugepages(HugepageUse::kOff, 256 * kMiB, 512 * kMiB));
}

TEST(Hugepages, DemandTellsHowToReserveThem) {
  EXPECT_TRUE(decide_hugepages(HugepageUse::kOn, 2 * kMiB, 2 * kMiB));
  try {
    decide_hugepages(HugepageUse::kOn, 256 * kMiB, 0);
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("vm.nr_hugepages=128"));
  }
}

TEST(Hugepages, CountsEverySizeTheKernelHas) {
  const std::filesystem::path root = std::filesystem::path(::testing::TempDir()) / "hugepages";
  for (const auto& [name, pages] : {std::pair{"hugepages-2048kB", 3}, {"hugepages-4096kB", 2}}) {
    std::filesystem::create_directories(root / name);
    std::ofstream(root / name / "free_hugepages") << pages << '\n';
  }
  EXPECT_EQ(free_hugepage_bytes(root), 14 * kMiB);
  std::filesystem::remove_all(root);
  EXPECT_EQ(free_hugepage_bytes(root), 0U);
}

TEST(EalArguments, TelemetryIsAskedFor) {
  const auto has = [](const EalSettings& settings) {
    const std::vector<unsigned> cpus{0};
    const auto arguments = eal_arguments(settings, false, cpus, "sluice-1");
    return std::ranges::find(arguments, "--no-telemetry") == arguments.end();
  };
  EXPECT_FALSE(has({.worker_cpus = {0}}));
  EXPECT_TRUE(has({.worker_cpus = {0}, .telemetry = true}));
}

}  // namespace
}  // namespace sluice::port
