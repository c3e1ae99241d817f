# SPDX-License-Identifier: MIT
# What a builder may want to set; each can also be given to make.

VERSION = 0.1

# Where `make install` puts things.
PREFIX = /usr/local
SBINDIR = $(PREFIX)/sbin
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
LICENSEDIR = $(PREFIX)/share/licenses/pidone

# Where sv looks for a service given by name, unless SVDIR says so.
SVDIR_DEFAULT = /var/service

# Where the directories of services are to which svctl enable makes links in
# there, unless SVCTL_INITDIR says so.
INITDIR_DEFAULT = /etc/init.d

# The programs are static, on musl. Another musl toolchain is named here, e.g.
# CC=gcc on Alpine.
CC = musl-gcc
CFLAGS = -Os -g
LDFLAGS = -static

# Unit tests run on the machine's own C library, where the sanitizers are.
HOSTCC = gcc
