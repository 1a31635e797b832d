#include "verify/verify_image.hpp"

#include <unistd.h>

#include <rpixen/error.hpp>

#include "card/image_file.hpp"
#include "storage/input_file.hpp"
#include "verify/card_reading.hpp"
#include "verify/compare_images.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {
namespace {

constexpr std::size_t most_listed = 20;
constexpr const char* scratch_folder = "/var/tmp";  // for what a compressed image unpacks to

/// What of a file or disk is the image: a card is larger than what was written to it.
Content image_in(const std::shared_ptr<const InputFile>& file, const Card& plan) {
    return file->is_disk() ? part_of(file->content(), 0, plan.size) : file->content();
}

}  // namespace

Verification verify_open_image(const Card& plan, const std::shared_ptr<const InputFile>& file, VerifyForm form,
                               const Supervision& supervision) {
    supervision.begin(Phase::examining, 0);
    const Content image = image_in(file, plan);
    const CardReading reading = read_directly(file, image.size, supervision);
    return compare_images(plan, reading, image, form, supervision);
}

Verification verify_image(const Card& plan, const std::string& path, const std::string& reader, VerifyForm form,
                          const Supervision& supervision) {
    if (reader != "direct" && reader != "guestfs")
        throw Error(ErrorCode::usage, "there is no such reader", reader, "direct or guestfs");
    const ImageFile image = open_image_file(path, scratch_folder, supervision);
    if (reader == "direct") return verify_open_image(plan, image.file, form, supervision);
    if (image.packing != Packing::plain)
        throw Error(ErrorCode::usage, "the guestfs reader opens images by their names, and takes no compressed one",
                    path, "an image that is not compressed, or the direct reader", "unpack it first");
    const auto cards = open_in_appliance({path}, supervision);
    const CardReading reading = read_through_appliance(*cards, 0, supervision);
    return compare_images(plan, reading, image_in(image.file, plan), form, supervision);
}

void verify_written(const Card& plan, const OutputFile& output, VerifyForm form, const Supervision& supervision) {
    const Verification verification = verify_open_image(plan, output.written(output.path()), form, supervision);
    if (verification.differences.empty()) return;
    std::vector<Problem> problems;
    for (const Difference& difference : verification.differences) {
        if (problems.size() == most_listed) break;
        Problem problem{"the written image differs from its plan: " + difference.what,
                        difference.found,
                        difference.expected,
                        {},
                        {}};
        problem.location.file = output.path();
        problem.location.pointer = difference.partition + ":" + difference.path;
        for (const Partition& partition : plan.partitions)
            if (partition.copied() && partition.name == difference.partition)
                problem.change = "if the prebuilt image is damaged itself, run e2fsck on it";
        problems.push_back(std::move(problem));
    }
    throw Error(ErrorCode::verification, std::move(problems));
}

void write_verification_report(const Card& plan, OutputFile& file, const Supervision& supervision, FileDigests* last) {
    const std::string text = make_verification_report(plan, supervision, last);
    file.write(0, as_bytes(text));
}

}  // namespace rpixen
