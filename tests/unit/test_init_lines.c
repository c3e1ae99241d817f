/* SPDX-License-Identifier: MIT */
/* What init reads a line or a word of: the kernel command line, mountinfo,
 * fstab, /proc/PID/stat. */
#include "../../init/cmdline.h"
#include "../../init/mounttable.h"
#include "../../libsv/process.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cmdline cmdline;

START_TEST(command_line_words)
{
	char text[] = "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet init.skip=mdev,hostname "
		"init.trace init.wait=x,mdev init.term=3 init.stop=0 init.unmount=1 \n";

	cmdline_begin(&cmdline);
	ck_assert_ptr_null(cmdline_words(&cmdline, text));
	ck_assert(cmdline.read_only && !cmdline.single && cmdline.trace);
	ck_assert(cmdline_skips(&cmdline, "mdev") && cmdline_skips(&cmdline, "hostname"));
	ck_assert(!cmdline_skips(&cmdline, "host") && !cmdline_skips(&cmdline, "hostnames"));
	ck_assert(!cmdline_skips(&cmdline, "mdev,hostname"));
	ck_assert(cmdline_waits(&cmdline, "mdev") && cmdline_waits(&cmdline, "x"));
	ck_assert(!cmdline_waits(&cmdline, "hostname") && !cmdline_skips(&cmdline, "x"));
	ck_assert_int_eq((int)cmdline.limits.term, 3000);
	ck_assert_int_eq((int)cmdline.limits.stop, 0);
	ck_assert_int_eq((int)cmdline.limits.release, 1000);
	ck_assert_int_eq((int)cmdline.limits.kill, (int)lifecycle_limits_standard.kill);
	ck_assert(!cmdline_word(&cmdline, "init.unmount=0"));
	ck_assert(!cmdline_word(&cmdline, "init.kill=0"));
	ck_assert(!cmdline_word(&cmdline, "init.term=0"));
	ck_assert_int_eq((int)cmdline.limits.release, 1000);
}
END_TEST

/* lib/cmdline.c, next_arg */
START_TEST(blanks_in_quotes_are_part_of_a_word)
{
	char text[] = "dm-mod.create=\"v,,,ro,0 8 verity 1 s single 8:1 ro init.trace\" "
		"init.skip=\"mdev,lo\" \"init.term=4\" x=\"1";

	cmdline_begin(&cmdline);
	ck_assert_ptr_null(cmdline_words(&cmdline, text));
	ck_assert(!cmdline.single && !cmdline.read_only && !cmdline.trace);
	ck_assert(cmdline_skips(&cmdline, "mdev") && cmdline_skips(&cmdline, "lo"));
	ck_assert_int_eq((int)cmdline.limits.term, 4000);
}
END_TEST

START_TEST(the_last_of_ro_and_rw_counts)
{
	char text[] = "ro rw";

	cmdline_begin(&cmdline);
	ck_assert_ptr_null(cmdline_words(&cmdline, text));
	ck_assert(!cmdline.read_only);
}
END_TEST

START_TEST(every_word_for_single)
{
	static const char *const words[] = { "single", "s", "S", "-s", "1" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		cmdline_begin(&cmdline);
		ck_assert(cmdline_word(&cmdline, words[i]));
		ck_assert(cmdline.single);
	}
	cmdline_begin(&cmdline);
	ck_assert(cmdline_word(&cmdline, "singles") && cmdline_word(&cmdline, ""));
	ck_assert(!cmdline.single);
}
END_TEST

START_TEST(values_that_cannot_be_are_refused)
{
	static const char *const words[] = { "init.term=", "init.term=x", "init.kill=-1",
		"init.stop=86401", "init.step=1.5", "init.shutdown=99999999999999999999" };
	char text[] = "a init.term=x init.kill=y";
	char skip[300];

	cmdline_begin(&cmdline);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		ck_assert_msg(!cmdline_word(&cmdline, words[i]), "%s", words[i]);
	ck_assert_str_eq(cmdline_words(&cmdline, text), "init.term=x");
	snprintf(skip, sizeof skip, "init.skip=%0270d", 0);
	ck_assert(!cmdline_word(&cmdline, skip));
}
END_TEST

START_TEST(mountinfo_lines)
{
	char line[] = "36 35 98:0 /mnt1 /mnt/a\\040b\\134c rw,noatime master:1 shared:2 - "
		"ext3 /dev/root\\011x rw,errors=continue\n";
	char plain[] = "1 1 0:2 / / rw - rootfs rootfs rw";
	struct mounttable_line mount;

	ck_assert(mounttable_mountinfo(line, &mount));
	ck_assert_uint_eq(mount.id, 36);
	ck_assert_str_eq(mount.point, "/mnt/a b\\c");
	ck_assert_str_eq(mount.type, "ext3");
	ck_assert_str_eq(mount.source, "/dev/root\tx");
	ck_assert_str_eq(mount.options, "rw,noatime");
	ck_assert(mounttable_mountinfo(plain, &mount));
	ck_assert_str_eq(mount.point, "/");
	ck_assert_str_eq(mount.type, "rootfs");
}
END_TEST

START_TEST(cut_mountinfo_lines_are_refused)
{
	static const char whole[] = "36 35 98:0 /mnt1 /mnt2 rw shared:2 - ext3 /dev/root";
	struct mounttable_line mount;
	char line[sizeof whole];

	for (size_t i = 0; i < sizeof whole - sizeof "/dev/root"; i++) {
		memcpy(line, whole, i);
		line[i] = '\0';
		ck_assert(!mounttable_mountinfo(line, &mount));
	}
}
END_TEST

START_TEST(fstab_lines)
{
	char line[] = "/dev/sda1\t/home\\040x ext4  ro,noatime 0 1";
	char comment[] = "# /dev/sda1 / ext4 ro", blank[] = "  ", cut[] = "/dev/sda1 /";
	struct mounttable_line mount;

	ck_assert(mounttable_fstab(line, &mount));
	ck_assert_str_eq(mount.point, "/home x");
	ck_assert_str_eq(mount.options, "ro,noatime");
	ck_assert(mounttable_option(mount.options, "ro"));
	ck_assert(mounttable_option(mount.options, "noatime"));
	ck_assert(!mounttable_option(mount.options, "r"));
	ck_assert(!mounttable_option("errors=remount-ro", "ro"));
	ck_assert(!mounttable_fstab(comment, &mount));
	ck_assert(!mounttable_fstab(blank, &mount));
	ck_assert(!mounttable_fstab(cut, &mount));
}
END_TEST

START_TEST(a_path_lies_in_the_nearest_mount)
{
	struct mounttable_line mounts[] = {
		{ .point = (char []){ "/" } }, { .point = (char []){ "/var" } },
		{ .point = (char []){ "/var/lib" } }, { .point = (char []){ "/va" } },
		{ .point = (char []){ "/var" } },
	};

	ck_assert_int_eq(mounttable_find(mounts, 0, "/var/lib/x"), -1);
	ck_assert_int_eq(mounttable_find(mounts + 1, 1, "/usr"), -1);
	ck_assert_int_eq(mounttable_find(mounts, 5, "/var/lib/x"), 2);
	ck_assert_int_eq(mounttable_find(mounts, 5, "/var/lib"), 2);
	ck_assert_int_eq(mounttable_find(mounts, 2, "/var/library"), 1);
	ck_assert_int_eq(mounttable_find(mounts, 5, "/var/x"), 4);
	ck_assert_int_eq(mounttable_find(mounts, 5, "/vary"), 0);
}
END_TEST

START_TEST(a_swap_file_of_any_name)
{
	char line[] = "/swap\\040of\\011mine\\134                     file\t\t1024\t\t0\t\t-2";
	char blank[] = "";

	ck_assert_str_eq(mounttable_swap(line), "/swap of\tmine\\");
	ck_assert_ptr_null(mounttable_swap(blank));
}
END_TEST

START_TEST(process_lines)
{
	struct process process;

	ck_assert(process_parse("42 (sleep) S 1 42 42 1025 42 4194304 101 0 0", &process));
	ck_assert_int_eq(process.pid, 42);
	ck_assert_int_eq(process.parent, 1);
	ck_assert_str_eq(process.name, "sleep");
	ck_assert_int_eq(process.state, 'S');
	ck_assert(process.terminal && !process.kernel && process_is_alive(&process));
	ck_assert(process_parse("42 (sleep) S 1 43 44 1025 42 4194304 101 0 0 0 3 4 50 600 20 0 1 0 "
		"3391 5619712 228 18446744073709551615 1", &process));
	ck_assert(process.group == 43 && process.session == 44 && process.ticks == 657);
	ck_assert(process.start == 3391 && process.pages == 228);
	ck_assert(process_parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0", &process));
	ck_assert(process.ticks == 0 && process.start == 0 && process.pages == 0);
	ck_assert(process.kernel && !process.terminal && !process_is_alive(&process));
	ck_assert(process_parse("7 (a) Z) (\n) Z 1 7 7 0 -1 4194304 0", &process));
	ck_assert_str_eq(process.name, "a) Z) (\n");
	ck_assert(!process_is_alive(&process));
	ck_assert(!process_parse("7 (a) Z 1 18446744073709551616 7 0 -1 4194304 0", &process));
}
END_TEST

/* The kernel's lines for one that goes on without the thread that began it, and for
 * the same when all have ended. */
START_TEST(process_whose_leader_has_ended_lives)
{
	struct process process;

	ck_assert(process_parse("7 (a) Z 1 7 7 0 -1 4227148 379 0 0 0 0 0 0 0 20 0 2 0 3391 0 0 "
		"18446744073709551615", &process));
	ck_assert(process.state == 'Z' && process.threads == 2);
	ck_assert(!process_has_ended(&process) && process_is_alive(&process));
	ck_assert(process_parse("7 (a) Z 1 7 7 0 -1 4227148 379 0 0 0 0 0 0 0 20 0 1 0 3391 0 0 "
		"18446744073709551615", &process));
	ck_assert(process.state == 'Z' && process.threads == 1);
	ck_assert(process_has_ended(&process) && !process_is_alive(&process));
	/* its number is another thread's now, which executes something (fs/exec.c, de_thread) */
	ck_assert(process_parse("7 (a) X 1 7 7 0 -1 4227148 379 0 0 0 0 0 0 0 20 0 2 0 3391", &process));
	ck_assert(!process_has_ended(&process));
	ck_assert(process_parse("7 (a) X 0 0 0 0 -1 4227148 379 0 0 0 0 0 0 0 20 0 0 0 3391", &process));
	ck_assert(process_has_ended(&process));
}
END_TEST

START_TEST(cut_process_lines_are_refused)
{
	static const char whole[] = "42 (sleep) S 1 42 42 1025 42 4194304";
	struct process process;
	char line[sizeof whole];

	for (size_t i = 0; i < sizeof whole - sizeof "4194304"; i++) {
		memcpy(line, whole, i);
		line[i] = '\0';
		ck_assert_msg(!process_parse(line, &process), "%s", line);
	}
	ck_assert(!process_parse("x (a) S 1 1 1 0 -1 0", &process));
	ck_assert(!process_parse("1 )a( S 1 1 1 0 -1 0", &process));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("init_lines");
	TCase *tests = tcase_create("init_lines");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, command_line_words);
	tcase_add_test(tests, blanks_in_quotes_are_part_of_a_word);
	tcase_add_test(tests, the_last_of_ro_and_rw_counts);
	tcase_add_test(tests, every_word_for_single);
	tcase_add_test(tests, values_that_cannot_be_are_refused);
	tcase_add_test(tests, mountinfo_lines);
	tcase_add_test(tests, cut_mountinfo_lines_are_refused);
	tcase_add_test(tests, fstab_lines);
	tcase_add_test(tests, a_path_lies_in_the_nearest_mount);
	tcase_add_test(tests, a_swap_file_of_any_name);
	tcase_add_test(tests, process_lines);
	tcase_add_test(tests, process_whose_leader_has_ended_lives);
	tcase_add_test(tests, cut_process_lines_are_refused);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
