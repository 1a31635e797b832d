// Another build tool that plans a card in process: prints the partitions, or what is wrong with the manifest.
#include <iostream>

#include <rpixen/compose.hpp>
#include <rpixen/error.hpp>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: plan-card MANIFEST\n";
        return 2;
    }
    try {
        rpixen::PlanRequest request;
        request.manifest = argv[1];
        for (const rpixen::ReportPartition& partition : rpixen::plan(request).partitions)
            std::cout << partition.name << " at " << partition.offset << ", " << partition.size << " bytes, "
                      << partition.entries << " entries\n";
        return 0;
    } catch (const rpixen::Error& error) {
        for (const rpixen::Problem& problem : error.problems()) std::cerr << problem.text() << "\n";
        return static_cast<int>(error.code());
    }
}
