# Composes a bootable Xen card from what a build deployed: `inherit rpixen-img` in an image's recipe, or IMAGE_CLASSES += "rpixen-img".
# The program comes from the build host: HOSTTOOLS += "rpixen-img" in local.conf. Written for bitbake's syntax of honister (3.4) and later.
#
# IMGDEPLOYDIR gets IMAGE_LINK_NAME.img and its report; with RPIXEN_AXES one for each variant. All other parts are told by their
# content in DEPLOY_DIR_IMAGE (`rpixen-img init`), or named by a manifest of yours (RPIXEN_MANIFEST).

# The form of the root file system that goes onto the card; do_rpixen runs after do_image_tar.
RPIXEN_ROOTFS_TYPE ?= "tar.zst"
IMAGE_FSTYPES += "${RPIXEN_ROOTFS_TYPE}"
# Whoever deploys the parts.
RPIXEN_DEPLOYS ?= "virtual/kernel:do_deploy xen:do_deploy u-boot:do_deploy rpi-bootfiles:do_deploy"
# A manifest, instead of the one that `init` proposes; its root file system is replaced by this image's.
RPIXEN_MANIFEST ?= ""
# Values of the manifest by their JSON pointers, as JSON: '{"/boot/dom0_mem": "1GiB"}'.
RPIXEN_SET ?= "{}"
# Axes of variants, as in a matrix (docs/fleet.md): '{"mem": {"at": "/boot/dom0_mem", "values": ["512MiB", "1GiB"]}}'.
RPIXEN_AXES ?= "{}"
RPIXEN_DIR = "${WORKDIR}/rpixen"

def rpixen_matrix(d):
    """The matrix of this image: one axis with its root file system and RPIXEN_SET, then the axes of RPIXEN_AXES."""
    import json

    def given(name):
        try:
            value = json.loads(d.getVar(name) or "{}")
        except ValueError as error:
            value = error
        if not isinstance(value, dict):
            bb.fatal("%s is no JSON object: %s" % (name, value))
        return value

    image = d.getVar("IMAGE_LINK_NAME")
    rootfs = "%s/%s.%s" % (d.getVar("IMGDEPLOYDIR"), image, d.getVar("RPIXEN_ROOTFS_TYPE"))
    axes = given("RPIXEN_AXES")
    return {
        "matrix_version": 1,
        "manifest": d.getVar("RPIXEN_MANIFEST") or "found.json",
        "name": "".join(["{image}"] + ["-{%s}" % axis for axis in axes]),
        "axes": {"image": {"values": [{"name": image, "set": {"/artifacts/rootfs": rootfs, **given("RPIXEN_SET")}}]}, **axes},
    }

python rpixen_write_matrix () {
    import json
    with open(d.getVar("RPIXEN_DIR") + "/matrix.json", "w") as file:
        json.dump(rpixen_matrix(d), file, indent=2)
}

do_rpixen () {
    if [ -z "${RPIXEN_MANIFEST}" ]; then
        # Status 4: something is missing. The root file system may be, as it is not deployed yet; for the rest the next step tells.
        status=0
        rpixen-img init "${DEPLOY_DIR_IMAGE}" -o "${RPIXEN_DIR}/found.json" || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 4 ] || exit "$status"
    fi
    if [ -n "${REPRODUCIBLE_TIMESTAMP_ROOTFS}" ]; then
        export SOURCE_DATE_EPOCH="${REPRODUCIBLE_TIMESTAMP_ROOTFS}"
    fi
    rpixen-img matrix "${RPIXEN_DIR}/matrix.json" -d "${RPIXEN_DIR}/tasks"
    tail -n +2 "${RPIXEN_DIR}/tasks/tasks.tsv" | cut -f 1,2 >"${RPIXEN_DIR}/cards"
    tab="$(printf '\t')"
    while IFS="$tab" read -r name manifest; do
        rpixen-img compose "${RPIXEN_DIR}/tasks/$manifest" -o "${IMGDEPLOYDIR}/$name.img" --report "${IMGDEPLOYDIR}/$name.json"
    done <"${RPIXEN_DIR}/cards"
}
do_rpixen[prefuncs] += "rpixen_write_matrix"
do_rpixen[cleandirs] = "${RPIXEN_DIR}"
do_rpixen[depends] += "${RPIXEN_DEPLOYS}"
do_rpixen[vardeps] += "RPIXEN_SET RPIXEN_AXES RPIXEN_ROOTFS_TYPE RPIXEN_MANIFEST"
addtask rpixen after do_image_tar before do_image_complete
