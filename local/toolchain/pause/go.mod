module media-platform/local/toolchain/pause

go 1.24
