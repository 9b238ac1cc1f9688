module media-platform/local/toolchain/versitygw

go 1.26

require (
	github.com/versity/versitygw v1.8.0
)
