#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The image's scripts, each run as make does it or by hand, in a copy of the tree whose
path has a blank, with a cache of its own. Instead of a kernel and a busybox there are
sources that are built in no time, and instead of apt a program that has them."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "../..")
sys.path.insert(0, os.path.join(HERE, "../namespace"))
sys.dont_write_bytecode = True  # the tree stays clean

from harness import Skip, run_tests

SECONDS = 120
NEEDED = ("Makefile", "config.mk", "LICENSE", "image", "rootfs", "libsv")
KERNEL = {
    "Makefile": """\
VERSION = 6
tinyconfig olddefconfig:
	echo CONFIG_64BIT=y >.config
headers:
	mkdir -p usr/include && echo '/* */' >usr/include/linux.h
bzImage:
	test "$(VERSION) $(CFLAGS)" = "6 "
	cp which arch/x86/boot/bzImage
kernelrelease:
	@echo 6.1.0
""",
    "arch/x86/Makefile": "", "arch/x86/boot/Makefile": "", "COPYING": "GPL\n",
    "LICENSES/preferred/GPL-2.0": "GPL\n", "LICENSES/exceptions/Linux-syscall-note": "note\n",
}
BUSYBOX = {
    "Makefile": """\
defconfig:
	touch .config
oldconfig:
	sed -i '/=n$$/d' .config
busybox:
	test "$(CC) $(CFLAGS) $(LDFLAGS)" = "musl-gcc  "
	cp which busybox && chmod 755 busybox
""",
    "applets/busybox.mkscripts": "", "LICENSE": "GPL\n",
}
# The "which" of a source is what its product holds.
LISTS = "#!/bin/sh\nprintf 'bin/%%s\\n' ls sh # %s\n"
MAKES = {"kernel": (KERNEL, "%s"), "busybox": (BUSYBOX, LISTS)}
# As much of apt and dpkg as image/fetch and image/busybox call; SERVED holds the sources.
APT = {
    "apt-get": """#!/bin/sh
case "$*" in
*--download-only*) cp "$SERVED/busybox" busybox_1.tar.gz && sha256sum busybox_1.tar.gz >busybox_1.dsc ;;
*download*) [ -f "$SERVED/kernel" ] && echo >linux-source-6.1_1_all.deb ;;
esac
""",
    "apt-cache": "#!/bin/sh\necho '  Depends: linux-source-6.1'\n",
    "dpkg-deb": """#!/bin/sh
mkdir -p "$SERVED/deb/usr/src" && cp "$SERVED/kernel" "$SERVED/deb/usr/src/linux-source-6.1.tar.xz" &&
	tar -c -C "$SERVED/deb" ./usr
""",
    "dpkg-source": """#!/bin/sh
mkdir "$3" && tar -x --strip-components=1 -C "$3" -f "${2%.dsc}.tar.gz"
""",
    "df": "#!/bin/sh\nprintf ' Avail\\n9999999\\n'\n",      # a kernel takes a lot, this one does not
}


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path) as file:
        return file.read()


class Workshop:
    """A copy of the tree; the environment that leads its scripts to the fakes."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="pidone-image-")
        os.chmod(self.top, 0o755)
        self.tree = self.path("a tree")
        os.mkdir(self.tree)
        for name in NEEDED:
            copy = shutil.copytree if os.path.isdir(os.path.join(TREE, name)) else shutil.copy2
            copy(os.path.join(TREE, name), os.path.join(self.tree, name))
        for name, text in APT.items():
            write(self.path("bin", name), text, 0o755)
        for name in ("init", "runsvdir", "runsv", "svctl"):
            write(self.built("bin", name), name)
        write(self.path("config"), "CONFIG_64BIT=y\n")
        os.mkdir(self.path("overlay"))
        self.environment = {
            "PATH": self.path("bin") + ":" + os.environ["PATH"], "HOME": self.top,
            "PIDONE_CACHE": self.path("cache"), "SERVED": self.path("served"),
            "KERNEL_CONFIG": self.path("config"),
            "LINUX_TARBALL": self.path("linux.tar"), "BUSYBOX_TARBALL": self.path("busybox.tar"),
        }
        for name, option in (("kernel", "LINUX_TARBALL"), ("busybox", "BUSYBOX_TARBALL")):
            self.pack(self.environment[option], name, "first")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def built(self, *names):
        return os.path.join(self.tree, "build", *names)

    def cached(self, prefix):
        return sorted(name for name in os.listdir(self.path("cache")) if name.startswith(prefix))

    def pack(self, archive, name, which):
        """A source as a tar archive, of which WHICH is built."""
        files, product = MAKES[name]
        directory = self.path("packed", name)
        for file, text in list(files.items()) + [("which", product % which)]:
            write(os.path.join(directory, file), text)
        os.makedirs(os.path.dirname(archive), exist_ok=True)
        subprocess.run(["tar", "-cf", archive, "-C", self.path("packed"), name], check=True)

    def try_run(self, *command, before=(), **environment):
        """(exit status, what it said)"""
        run = subprocess.run([*before, *command], cwd=self.tree, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                             env={**self.environment, **environment})
        return run.returncode, run.stdout

    def run(self, *command, **environment):
        status, said = self.try_run(*command, **environment)
        assert status == 0, "%s: %d: %s" % (" ".join(command), status, said)
        return said

    def refused(self, *command, **environment):
        status, said = self.try_run(*command, **environment)
        assert status in (1, 2), "%s: %d: %s" % (" ".join(command), status, said)
        return said

    def make(self, *targets, **environment):
        return self.run("make", "-s", *targets, **environment)

    def listed(self):
        """path -> (type, mode), of the root file system with the overlay."""
        self.run("image/rootfs", OVERLAY=self.path("overlay"))
        lines = [line.split("\t") for line in read(self.built("root/list")).splitlines()]
        return {line[1]: (line[0], line[2]) for line in lines}


def workshop_with_parts():
    if not shutil.which("grub-mkimage", path=os.environ["PATH"]):
        raise Skip("no grub-mkimage here; run: image/deps image")
    return Parts()


class Parts(Workshop):
    """One that has made what a root file system is of."""

    def __enter__(self):
        super().__enter__()
        self.run("image/kernel")
        self.run("image/busybox")
        return self


# ---- the overlay ----

def a_file_of_the_overlay_in_place_of_a_link_has_a_mode_of_its_own():
    with workshop_with_parts() as shop:
        for path, mode in (("init", 0o755), ("usr/bin/sv", 0o755), ("sbin/telinit", 0o644), ("bin/ls", 0o755)):
            write(shop.path("overlay", path), "#!/bin/sh\n", mode)
        listed = shop.listed()
        found = {path: listed[path] for path in ("/init", "/usr/bin/sv", "/sbin/telinit", "/bin/ls")}
        assert found == {"/init": ("file", "0755"), "/usr/bin/sv": ("file", "0755"),
                         "/sbin/telinit": ("file", "0644"), "/bin/ls": ("file", "0755")}, found


def what_nobody_else_may_read_in_the_overlay_nobody_else_may_read_in_the_image():
    with workshop_with_parts() as shop:
        for path, mode in (("root/.ssh/id", 0o600), ("opt/tool", 0o700), ("opt/read", 0o664), ("etc/shadow", 0o644)):
            write(shop.path("overlay", path), "", mode)
        os.chmod(shop.path("overlay/root/.ssh"), 0o700)
        os.chmod(shop.path("overlay/etc"), 0o700)
        listed = shop.listed()
        found = {path: listed[path][1] for path in ("/root/.ssh", "/root/.ssh/id", "/opt/tool", "/opt/read",
                                                    "/etc/shadow", "/etc")}
        assert found == {"/root/.ssh": "0700", "/root/.ssh/id": "0600", "/opt/tool": "0700", "/opt/read": "0644",
                         "/etc/shadow": "0600", "/etc": "0755"}, found


def deliberate_bits_of_the_overlay_are_in_the_image():
    with workshop_with_parts() as shop:
        for path, mode in (("opt/user", 0o4755), ("opt/group", 0o2755), ("opt/private", 0o4700), ("opt/sticky", 0o1755)):
            write(shop.path("overlay", path), "")
            os.chmod(shop.path("overlay", path), mode)
        for path, mode in (("opt/drop", 0o1777), ("opt/shared", 0o2755)):
            os.mkdir(shop.path("overlay", path))
            os.chmod(shop.path("overlay", path), mode)
        listed = shop.listed()
        found = {name: listed["/opt/" + name][1] for name in ("user", "group", "private", "sticky", "drop", "shared")}
        # A directory has that of its group from the one that it was made in.
        assert found == {"user": "4755", "group": "2755", "private": "4700", "sticky": "0755", "drop": "1777",
                         "shared": "0755"}, found


def a_kernel_of_the_overlay_is_on_the_disk_only_as_ours_is():
    with workshop_with_parts() as shop:
        write(shop.path("overlay/boot/bzImage"), "mine")
        assert shop.listed()["/boot/bzImage"] == ("boot", "0644"), "it is in the initramfs"
        assert read(shop.built("root/tree/boot/bzImage")) == "mine"


def a_link_of_the_overlay_may_lead_to_a_name_with_a_dash_first():
    with workshop_with_parts() as shop:
        os.symlink("-target", shop.path("overlay/link"))
        assert shop.listed()["/link"][0] == "link"
        assert os.readlink(shop.built("root/tree/link")) == "-target"


def what_cd_is_told_of_elsewhere_does_not_count():
    with workshop_with_parts() as shop:
        os.makedirs(shop.path("else/image"))
        os.makedirs(shop.path("else/rootfs"))
        shop.run("image/options", CDPATH=shop.path("else"))
        assert sorted(os.listdir(shop.path("else"))) == ["image", "rootfs"], "it was made elsewhere"
        shop.run("image/rootfs", CDPATH="." + ":" + shop.path("else"))


def without_a_home_the_cache_is_in_the_tree():
    with Workshop() as shop:
        for name in ("HOME", "PIDONE_CACHE"):
            del shop.environment[name]
        shop.make("busybox", XDG_CACHE_HOME="")
        assert [name for name in os.listdir(shop.built("cache")) if name.startswith("busybox-")], os.listdir(shop.built("cache"))


def a_menu_in_the_overlay_is_refused_as_each_disk_has_its_own():
    with workshop_with_parts() as shop:
        write(shop.path("overlay/boot/grub/grub.cfg"), "")
        said = shop.refused("image/rootfs", OVERLAY=shop.path("overlay"))
        assert said.startswith("image/rootfs: OVERLAY: /boot/grub/grub.cfg: "), said


def a_directory_of_the_overlay_that_cannot_be_read_is_an_error():
    with workshop_with_parts() as shop:
        if os.getuid():
            before = ()
        else:
            before = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
            subprocess.run(["chown", "-R", "65534:65534", shop.top], check=True)
        write(shop.path("overlay/opt/there"), "")
        os.chmod(shop.path("overlay/opt"), 0)
        if not os.getuid():
            os.chown(shop.path("overlay/opt"), 65534, 65534)
        try:
            status, said = shop.try_run("image/rootfs", before=before, OVERLAY=shop.path("overlay"))
        finally:
            os.chmod(shop.path("overlay/opt"), 0o755)
        assert status == 1 and said.endswith("/overlay cannot be read\n"), "%d: %s" % (status, said)


# ---- sources that are new ----

def served(shop, which):
    for name in ("kernel", "busybox"):
        shop.pack(shop.path("served", name), name, which)


def update_sources_fetches_both_of_them_anew():
    with Workshop() as shop:
        fetched = {"LINUX_TARBALL": "", "BUSYBOX_TARBALL": ""}
        served(shop, "old")
        shop.make("busybox", **fetched)
        served(shop, "new")
        shop.make("busybox", **fetched)
        assert read(shop.built("bzImage")) == "old", "fetched without need"
        shop.make("busybox", UPDATE_SOURCES="1", **fetched)
        assert read(shop.built("bzImage")) == "new", "the kernel is the old one"
        assert read(shop.built("busybox")) == LISTS % "new", "busybox is the old one"


def update_sources_fetches_busybox_beside_a_kernel_of_ones_own():
    with Workshop() as shop:
        served(shop, "old")
        shop.make("busybox", BUSYBOX_TARBALL="")
        served(shop, "new")
        shop.make("busybox", BUSYBOX_TARBALL="", UPDATE_SOURCES="1")
        assert read(shop.built("busybox")) == LISTS % "new", "busybox is the old one"


def update_sources_that_fetches_nothing_fails():
    with Workshop() as shop:
        served(shop, "old")
        for name, option in (("linux", "LINUX_TARBALL"), ("busybox", "BUSYBOX_TARBALL")):
            shop.run("image/fetch", name, **{option: ""})
        shutil.rmtree(shop.path("served"))
        for name, option in (("linux", "LINUX_TARBALL"), ("busybox", "BUSYBOX_TARBALL")):
            said = shop.refused("image/fetch", name, UPDATE_SOURCES="1", **{option: ""})
            assert "cannot fetch %s" % name in said, said
            shop.run("image/fetch", name, **{option: ""})


def a_tarball_made_anew_under_its_name_is_built():
    with Workshop() as shop:
        shop.make("busybox")
        for name, option in (("kernel", "LINUX_TARBALL"), ("busybox", "BUSYBOX_TARBALL")):
            # neither its size nor its date is a later one
            before = os.stat(shop.environment[option])
            shop.pack(shop.environment[option], name, "again")
            assert os.stat(shop.environment[option]).st_size == before.st_size
            os.utime(shop.environment[option], ns=(before.st_atime_ns, before.st_mtime_ns - 1))
        shop.make("busybox")
        assert read(shop.built("bzImage")) == "again", "the kernel is the old one"
        assert read(shop.built("busybox")) == LISTS % "again", "busybox is the old one"


def a_sum_beside_a_tarball_of_ones_own_is_not_believed():
    with Workshop() as shop:
        tarball = shop.environment["LINUX_TARBALL"]
        subprocess.run(["sh", "-c", 'sha256sum "$1" >"$1.sha256"', "sh", tarball], check=True)
        shop.run("image/kernel")
        shop.pack(tarball, "kernel", "edited")
        shop.run("image/kernel")
        assert read(shop.built("bzImage")) == "edited", "the kernel is the old one"


def the_version_of_busybox_is_that_of_its_tarball_whatever_the_cache_holds():
    with Workshop() as shop:
        for version in ("1.36.1", "1.37.0"):
            tarball = shop.path("busybox-%s.tar.gz" % version)
            shutil.copy(shop.environment["BUSYBOX_TARBALL"], tarball)
            shop.run("image/kernel")
            shop.run("image/busybox", BUSYBOX_TARBALL=tarball)
            assert read(shop.built("parts/busybox/version")) == version + "\n"


def what_make_was_given_is_not_for_the_sources():
    """The fakes of them fail if it is; what is cached of them knows nothing of it."""
    with Workshop() as shop:
        shop.make("busybox", "VERSION=9", "CC=no-such-compiler", "CFLAGS=-O0", "LDFLAGS=-s", CFLAGS="-g")


# ---- options ----

def a_password_that_busybox_could_not_check_is_refused():
    with Workshop() as shop:
        rest = "salt$" + 60 * "x"
        for kind in "156":
            shop.run("image/options", ROOT_PASSWORD="$%s$%s" % (kind, rest))
        for kind in ("y", "2", "2b", "7"):
            said = shop.refused("image/options", ROOT_PASSWORD="$%s$%s" % (kind, rest))
            assert "openssl passwd -6" in said, said


def a_host_name_is_no_longer_than_the_kernel_has_room_for():
    with Workshop() as shop:
        shop.run("image/options", IMAGE_HOSTNAME="x" * 64)
        assert "64 letters at most" in shop.refused("image/options", IMAGE_HOSTNAME="x" * 65)


def what_is_kept_is_not_the_disk_that_is_made_anew():
    with Workshop() as shop:
        for tool in ("qemu-system-x86_64", "sfdisk"):
            write(shop.path("bin", tool), "#!/bin/sh\nfor word do case $word in file=*) echo \"$word\";; esac; done\n", 0o755)
        write(shop.built("disk.img"), "as it was made")
        said = shop.run("image/run", KEEP="1")
        assert "file=build/kept.img,format=raw,if=virtio,snapshot=off" in said, said
        write(shop.built("kept.img"), "as it was left")
        shop.run("image/run", KEEP="1")
        assert read(shop.built("kept.img")) == "as it was left", "it is lost"
        said = shop.run("image/run")
        assert "file=build/disk.img,format=raw,if=virtio,snapshot=on" in said, said


# ---- what a failure leaves ----

def a_count_of_lines_that_is_none_is_not_counted_with():
    for count in ("", "0\n", "08\n", "many\n"):
        with Workshop() as shop:
            write(shop.path("cache/lines.kernel"), count)
            shop.run("image/kernel")
            assert int(read(shop.path("cache/lines.kernel"))) > 0


def a_count_of_lines_is_replaced_and_never_rewritten():
    with Workshop() as shop:
        write(shop.path("cache/lines.kernel"), "2400\n")
        os.link(shop.path("cache/lines.kernel"), shop.path("before"))
        shop.run("image/kernel")
        assert read(shop.path("before")) == "2400\n", "somebody may read it empty"


def a_step_killed_between_its_products_is_made_again():
    for name, needs in (("kernel", "busybox"), ("busybox", "busybox")):
        with Workshop() as shop:
            shop.make("busybox")
            # by hand, with nothing that has changed; killed where the new parts come
            write(shop.path("bin/mv"), """#!/bin/sh
for last do :; done
case $last in */parts/%s) kill -9 $PPID; exit 1 ;; esac
exec /bin/mv "$@"
""" % name, 0o755)
            status, said = shop.try_run("image/" + name)
            assert status == -9, "%d: %s" % (status, said)
            os.remove(shop.path("bin/mv"))
            shop.make(needs)
            assert os.path.exists(shop.built("parts", name, "version")), "make thinks that all is there"


# A cp that copies half of an entry into the cache and then has the script get a signal.
HALF = """#!/bin/sh
for last do :; done
case $last in
*/.kernel-*) mkdir -p "$last" && echo half >"$last/bzImage" && kill -%s $PPID; exit 1 ;;
esac
exec /bin/cp "$@"
"""


def half_an_entry_of_the_cache_goes_with_the_script_that_is_ended():
    with Workshop() as shop:
        write(shop.path("bin/cp"), HALF % "TERM", 0o755)
        status, said = shop.try_run("image/kernel")
        assert status == 130, "%d: %s" % (status, said)
        left = shop.cached(".") + shop.cached("kernel-")
        assert not left, left


def half_an_entry_of_the_cache_is_not_added_to():
    """Process numbers come again, in a container with each start."""
    with Workshop() as shop:
        # what a killed process of this number may have left
        shop.run("sh", "-c", """
			mkdir -p "$PIDONE_CACHE/.entry.$$" new
			echo half >"$PIDONE_CACHE/.entry.$$/product"
			echo whole >new/product
			. ./image/lib.sh
			make_scratch
			cache_store new entry""", "image/sh")
        found = read(shop.path("cache/entry/product"))
        assert found == "whole\n", found


def distclean_leaves_nothing_that_was_built_or_fetched():
    with Workshop() as shop:
        served(shop, "old")
        shop.run("image/fetch", "linux", LINUX_TARBALL="")
        write(shop.path("bin/cp"), HALF % "KILL", 0o755)
        shop.try_run("image/kernel")
        os.remove(shop.path("bin/cp"))
        assert shop.cached(".kernel-")
        shop.make("busybox")
        os.makedirs(shop.path("cache/bench-busybox-0"))
        os.makedirs(shop.path("cache/peers/runit"))
        shop.run("image/distclean")
        left = os.listdir(shop.path("cache"))
        assert not left, left


# ---- paths with blanks ----

def a_tree_in_a_path_with_a_blank_is_compiled():
    with Workshop() as shop:
        shop.make("build/obj/libsv/clock.o")


def a_disk_is_made_in_a_directory_with_a_blank():
    if not shutil.which("mke2fs", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        raise Skip("no mke2fs here; run: image/deps image")
    with workshop_with_parts() as shop:
        shop.run("image/rootfs")
        for script in ("initramfs", "disk"):
            shop.run("image/" + script)
        os.rename(shop.built(), shop.path("a build"))
        for script, product in (("initramfs", "initramfs.cpio.gz"), ("disk", "disk.img")):
            before = open(shop.path("a build", product), "rb").read()
            shop.run("image/" + script, BUILD=shop.path("a build"), SIZE="16M")
            shop.run("image/" + script, BUILD=shop.path("a build"))
            assert open(shop.path("a build", product), "rb").read() == before, product + " differs"


run_tests([
    a_file_of_the_overlay_in_place_of_a_link_has_a_mode_of_its_own,
    what_nobody_else_may_read_in_the_overlay_nobody_else_may_read_in_the_image,
    deliberate_bits_of_the_overlay_are_in_the_image,
    a_kernel_of_the_overlay_is_on_the_disk_only_as_ours_is,
    a_link_of_the_overlay_may_lead_to_a_name_with_a_dash_first,
    what_cd_is_told_of_elsewhere_does_not_count,
    without_a_home_the_cache_is_in_the_tree,
    a_menu_in_the_overlay_is_refused_as_each_disk_has_its_own,
    a_directory_of_the_overlay_that_cannot_be_read_is_an_error,
    update_sources_fetches_both_of_them_anew,
    update_sources_fetches_busybox_beside_a_kernel_of_ones_own,
    update_sources_that_fetches_nothing_fails,
    a_tarball_made_anew_under_its_name_is_built,
    a_sum_beside_a_tarball_of_ones_own_is_not_believed,
    the_version_of_busybox_is_that_of_its_tarball_whatever_the_cache_holds,
    what_make_was_given_is_not_for_the_sources,
    a_password_that_busybox_could_not_check_is_refused,
    a_host_name_is_no_longer_than_the_kernel_has_room_for,
    what_is_kept_is_not_the_disk_that_is_made_anew,
    a_count_of_lines_that_is_none_is_not_counted_with,
    a_count_of_lines_is_replaced_and_never_rewritten,
    a_step_killed_between_its_products_is_made_again,
    half_an_entry_of_the_cache_goes_with_the_script_that_is_ended,
    half_an_entry_of_the_cache_is_not_added_to,
    distclean_leaves_nothing_that_was_built_or_fetched,
    a_tree_in_a_path_with_a_blank_is_compiled,
    a_disk_is_made_in_a_directory_with_a_blank,
])
