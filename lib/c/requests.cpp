#include "c/requests.hpp"

#include <array>
#include <limits>

#include "manifest/json_reader.hpp"
#include "manifest/object_reader.hpp"

namespace rpixen {
namespace {

/// Takes a request's fields by name; the manifest's reader knows about types, unknown keys and places.
class Fields {
  public:
    Fields(const JsonValue& value, Problems& problems) : object_(value, problems), problems_(problems) {}

    void text(std::string_view key, std::string& field) {
        if (const JsonValue* value = object_.optional(key)) field = read_text(*value, problems_).value_or("");
    }
    void flag(std::string_view key, bool& field) {
        const JsonValue* value = object_.optional(key);
        if (!value) return;
        if (value->type == JsonValue::Type::boolean)
            field = value->text == "true";
        else
            problems_.add(*value, "wrong type", "true or false");
    }
    void texts(std::string_view key, std::vector<std::string>& field) {
        const JsonValue* value = object_.optional(key);
        if (!value) return;
        for (const JsonValue& element : read_array(*value, problems_))
            if (auto text = read_text(element, problems_)) field.push_back(std::move(*text));
    }
    void time(std::string_view key, std::optional<std::int64_t>& field) {
        const JsonValue* value = object_.optional(key);
        if (!value || value->type == JsonValue::Type::null) return;
        // Until 2106, as in a U-Boot script's header.
        if (const auto seconds = read_integer(*value, 0, std::numeric_limits<std::uint32_t>::max(), problems_))
            field = static_cast<std::int64_t>(*seconds);
    }
    void seconds(std::string_view key, std::chrono::seconds& field) {
        if (const JsonValue* value = object_.optional(key))
            if (const auto count = read_integer(*value, 1, 24 * 60 * 60, problems_))
                field = std::chrono::seconds(*count);
    }
    template <typename Enum, std::size_t count>
    void choice(std::string_view key, const std::array<std::string_view, count>& words, Enum& field) {
        if (const JsonValue* value = object_.optional(key))
            if (const auto index = read_choice(*value, words, problems_)) field = static_cast<Enum>(*index);
    }
    /// A stage, or what a guest comes to.
    template <std::size_t count>
    void goal(std::string_view key, const std::array<std::string_view, count>& words, BootStage& stage,
              std::optional<GuestGoal>& guest) {
        const JsonValue* value = object_.optional(key);
        if (!value) return;
        if (value->type == JsonValue::Type::string) guest = parse_guest_goal(value->text);
        if (guest) return;
        if (const auto index = read_choice(*value, words, problems_, "\"guest:NAME\", \"guest-login:NAME\""))
            stage = static_cast<BootStage>(*index);
    }
    void manifest(std::string_view key, ManifestSource& field) {
        const JsonValue* value = object_.optional(key);
        if (!value) return;
        if (value->type != JsonValue::Type::object) {
            field = read_text(*value, problems_).value_or("");
            return;
        }
        ObjectReader object(*value, problems_);
        std::string json;
        std::string folder;
        if (const JsonValue* text = object.required("text")) json = read_text(*text, problems_).value_or("");
        if (const JsonValue* path = object.optional("folder")) folder = read_text(*path, problems_).value_or("");
        object.finish();
        field = ManifestSource::of_text(std::move(json), std::move(folder));
    }
    void finish() { object_.finish(); }

  private:
    ObjectReader object_;
    Problems& problems_;
};

void read(Fields& fields, PlanRequest& request) {
    fields.manifest("manifest", request.manifest);
    fields.time("source_date_epoch", request.source_date_epoch);
    fields.texts("allow", request.allow);
    fields.texts("deny", request.deny);
    fields.texts("outputs", request.outputs);
    fields.flag("list_root", request.list_root);
    fields.flag("digest_inputs", request.digest_inputs);
    fields.flag("list_extents", request.list_extents);
}

constexpr std::array<std::string_view, 3> verify_forms{"none", "quick", "full"};

void read(Fields& fields, ComposeRequest& request) {
    read(fields, static_cast<PlanRequest&>(request));
    fields.text("output", request.output);
    fields.text("backend", request.backend);
    fields.choice("verify", verify_forms, request.verify);
    fields.text("report", request.report);
    fields.flag("sync", request.sync);
    fields.flag("if_changed", request.if_changed);
    fields.text("reuse", request.reuse);
    fields.flag("digest_image", request.digest_image);
}

void read(Fields& fields, CheckRequest& request) {
    read(fields, static_cast<PlanRequest&>(request));
    fields.text("subject", request.subject);
}

void read(Fields& fields, InspectRequest& request) {
    fields.text("image", request.image);
}

void read(Fields& fields, DiffRequest& request) {
    fields.text("a", request.a);
    fields.text("b", request.b);
    fields.manifest("manifest_a", request.manifest_a);
    fields.manifest("manifest_b", request.manifest_b);
    fields.time("source_date_epoch", request.source_date_epoch);
    fields.texts("allow", request.allow);
    fields.choice("form", verify_forms, request.form);
}

void read(Fields& fields, VerifyRequest& request) {
    fields.text("image", request.image);
    fields.text("report", request.report);
    fields.manifest("manifest", request.manifest);
    fields.time("source_date_epoch", request.source_date_epoch);
    fields.text("reader", request.reader);
    fields.choice("form", verify_forms, request.form);
}

void read(Fields& fields, ReleaseRequest& request) {
    read(fields, static_cast<PlanRequest&>(request));
    fields.text("folder", request.folder);
    fields.text("compress", request.compress);
    fields.text("url", request.url);
    fields.text("builder", request.builder);
    fields.text("sign_key", request.sign_key);
    fields.text("sign_command", request.sign_command);
    fields.flag("sync", request.sync);
}

void read(Fields& fields, VerifyReleaseRequest& request) {
    fields.text("folder", request.folder);
    fields.text("key", request.key);
}

void read(Fields& fields, DiagnoseRequest& request) {
    fields.text("log", request.log);
    fields.text("image", request.image);
}

/// In the order of BootStage.
std::array<std::string_view, 8> stage_names() {
    std::array<std::string_view, 8> names;
    static_assert(static_cast<std::size_t>(BootStage::login) + 1 == names.size());
    for (std::size_t stage = 0; stage < names.size(); ++stage) names[stage] = name_of(static_cast<BootStage>(stage));
    return names;
}

void read(Fields& fields, BootRequest& request) {
    fields.text("image", request.image);
    fields.goal("until", stage_names(), request.until, request.guest);
    fields.seconds("timeout", request.timeout);
    fields.text("log", request.log);
    fields.text("qemu", request.qemu);
    fields.text("temporary_folder", request.temporary_folder);
}

void read(Fields& fields, BoardRequest& request) {
    fields.text("device", request.device);
    fields.text("power_command", request.power_command);
    fields.goal("until", stage_names(), request.until, request.guest);
    fields.seconds("timeout", request.timeout);
    fields.text("log", request.log);
}

void read(Fields& fields, FlashRequest& request) {
    read(fields, static_cast<PlanRequest&>(request));
    fields.text("subject", request.subject);
    fields.text("device", request.device);
    fields.flag("skip_equal", request.skip_equal);
    fields.flag("insisted", request.insisted);
}

void read(Fields&, DisksRequest&) {}

void read(Fields& fields, MatrixRequest& request) {
    fields.text("matrix", request.matrix);
    fields.text("text", request.text);
    fields.text("folder", request.folder);
    fields.time("source_date_epoch", request.source_date_epoch);
    fields.texts("allow", request.allow);
}

void read(Fields& fields, ProposeRequest& request) {
    fields.text("folder", request.folder);
    fields.text("manifest_folder", request.manifest_folder);
}

}  // namespace

template <typename Request>
Request parse_request(std::string_view json) {
    try {
        JsonDocument document = read_json(json, "request");
        Problems problems;
        problems.add(std::move(document.problems));
        Fields fields(document.root, problems);
        Request request;
        read(fields, request);
        fields.finish();
        problems.throw_any();
        return request;
    } catch (const Error& error) {
        throw Error(ErrorCode::usage, error.problems());
    }
}

template PlanRequest parse_request<PlanRequest>(std::string_view json);
template ComposeRequest parse_request<ComposeRequest>(std::string_view json);
template CheckRequest parse_request<CheckRequest>(std::string_view json);
template InspectRequest parse_request<InspectRequest>(std::string_view json);
template DiffRequest parse_request<DiffRequest>(std::string_view json);
template VerifyRequest parse_request<VerifyRequest>(std::string_view json);
template DiagnoseRequest parse_request<DiagnoseRequest>(std::string_view json);
template ReleaseRequest parse_request<ReleaseRequest>(std::string_view json);
template VerifyReleaseRequest parse_request<VerifyReleaseRequest>(std::string_view json);
template BootRequest parse_request<BootRequest>(std::string_view json);
template BoardRequest parse_request<BoardRequest>(std::string_view json);
template FlashRequest parse_request<FlashRequest>(std::string_view json);
template DisksRequest parse_request<DisksRequest>(std::string_view json);
template MatrixRequest parse_request<MatrixRequest>(std::string_view json);
template ProposeRequest parse_request<ProposeRequest>(std::string_view json);

}  // namespace rpixen
