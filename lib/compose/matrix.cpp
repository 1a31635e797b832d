#include <rpixen/matrix.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include <rpixen/compose.hpp>

#include "artifact/named_inputs.hpp"
#include "base/host_signals.hpp"
#include "base/printable.hpp"
#include "compose/card_inputs.hpp"
#include "compose/outputs.hpp"
#include "compose/replaceable_folder.hpp"
#include "manifest/manifest_paths.hpp"
#include "manifest/sections.hpp"
#include "manifest/variants.hpp"
#include "storage/output_folder.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view table_name = "tasks.tsv";
constexpr std::string_view table_start = "name\tmanifest\tkey\t";

std::string file_of(std::size_t number) {
    char name[32];
    std::snprintf(name, sizeof(name), "%04zu.json", number);
    return name;
}

/// tasks.tsv and the manifests that it lists; others have a file of that name too.
std::vector<std::string> listed_in(const std::string& folder) {
    std::vector<std::string> names;
    try {
        const std::string text = read_manifest(folder + "/" + std::string(table_name));
        if (!text.starts_with(table_start)) return {};
        names.emplace_back(table_name);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        for (std::size_t number = 1; number < lines; ++number) names.push_back(file_of(number));
    } catch (const Error&) {
        return {};
    }
    return names;
}

/// What stands before a path that was seen from `from`, so that it is seen from `to`, both real: where links lead on
/// the way, ".." would go elsewhere.
std::string prefix_between(const std::string& from, const std::string& to) {
    const auto real = [](const std::string& path) {
        std::error_code error;
        const fs::path found = fs::weakly_canonical(fs::absolute(path.empty() ? "." : path), error);
        if (error) throw Error(ErrorCode::io, "cannot find the folder " + path, error.message());
        return found;
    };
    const std::string prefix = real(from).lexically_relative(real(to)).generic_string();
    return prefix == "." ? "" : prefix + "/";
}

/// A variant, as it will be written.
struct Written {
    std::string manifest;            ///< JSON
    std::vector<NamedInput> inputs;  ///< `resolved` as they are found now
};

class Work {
  public:
    Work(const MatrixRequest& request, const Supervision& supervision) : request_(request), supervision_(supervision) {
        if (request.folder.empty())
            throw Error(ErrorCode::usage, "a matrix needs a folder", {}, "a new name, or that of an earlier one",
                        "give -d DIR");
        tasks_.folder = request.folder;
    }

    MatrixTasks run() {
        read();
        check_folder();
        take_keys();
        OutputFolder folder(request_.folder);
        for (std::size_t index = 0; index < written_.size(); ++index)
            write(folder, tasks_.tasks[index].manifest, written_[index].manifest);
        write(folder, std::string(table_name), tasks_.table());
        check_replaceable(kind(), request_.folder);
        if (request_.deliver) request_.deliver(tasks_);
        folder.commit();
        return std::move(tasks_);
    }

  private:
    static const ReplaceableFolder& kind() {
        static const ReplaceableFolder kind{"a matrix", listed_in};
        return kind;
    }

    void read() {
        const MatrixFile matrix = parse_matrix(request_.text.empty() ? read_manifest(request_.matrix) : request_.text,
                                               request_.matrix);
        for (const MatrixAxis& axis : matrix.axes) tasks_.axes.push_back(axis.name);
        const std::string here = folder_of_manifest(request_.matrix);
        if (!matrix.manifest.empty()) base_ = resolve(here, matrix.manifest);
        const std::string file = base_.empty() ? request_.matrix : base_;
        const JsonDocument base = base_.empty() ? JsonDocument{matrix.inline_manifest, {}}
                                                : read_json(read_manifest(base_), base_);
        const std::string folder = folder_of_manifest(file);
        const std::string prefix = prefix_between(folder, request_.folder);
        tasks_.excluded = each_variant(matrix, base, file, folder, [&](Variant variant) {
            supervision_.check();
            Written written;
            written.inputs = named_inputs(variant.manifest);
            edit_paths(variant.manifest, [&](std::string_view, std::string& path, std::string&) {
                if (!path.starts_with('/')) path.insert(0, prefix);
            });
            written.manifest = manifest_json(variant.manifest);
            tasks_.tasks.push_back({variant.manifest.name, file_of(variant.number), {}, std::move(variant.values)});
            written_.push_back(std::move(written));
        });
    }

    void check_folder() const {
        std::set<std::string> inputs;
        if (request_.text.empty()) inputs.insert(request_.matrix);
        if (!base_.empty()) inputs.insert(base_);
        for (const Written& each : written_)
            for (const NamedInput& input : each.inputs) inputs.insert(input.resolved);
        const std::vector<std::string> all(inputs.begin(), inputs.end());
        check_outputs(all, {request_.folder});
        check_replaceable(kind(), request_.folder, all);
    }

    void take_keys() {
        PlanRequest with;
        with.source_date_epoch = request_.source_date_epoch;
        with.allow = request_.allow;
        ManifestDigests digests;
        for (std::size_t index = 0; index < written_.size(); ++index) {
            for (const NamedInput& input : written_[index].inputs)
                if (!digests.contains(input.resolved))
                    digests[input.resolved] = input_digest(input.resolved, supervision_);
            tasks_.tasks[index].key = card_key(with, written_[index].manifest, written_[index].inputs, digests);
        }
    }

    void write(const OutputFolder& folder, const std::string& name, const std::string& text) {
        supervision_.check();
        folder.write(name, as_bytes(text));
    }

    const MatrixRequest& request_;
    const Supervision& supervision_;
    std::string base_;  ///< path of the manifest; empty: it stands in the matrix
    MatrixTasks tasks_;
    std::vector<Written> written_;
};

}  // namespace

std::string MatrixTasks::table() const {
    std::string text = std::string(table_start.substr(0, table_start.size() - 1));
    for (const std::string& axis : axes) text += '\t' + axis;
    text += '\n';
    for (const MatrixTask& task : tasks) {
        text += task.name + '\t' + task.manifest + '\t' + task.key;
        for (const std::string& value : task.values) text += '\t' + value;
        text += '\n';
    }
    return text;
}

std::string MatrixTasks::text() const {
    const auto count = [](std::uint64_t number, const char* word) {
        return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
    };
    std::string all = folder + ": " + count(tasks.size(), "manifest") + " and " + std::string(table_name);
    if (excluded > 0) all += "; " + count(excluded, "combination") + " left out";
    return printable_text(all + "\n");
}

MatrixTasks write_matrix(const MatrixRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    return Work(request, supervision).run();
}

}  // namespace rpixen
