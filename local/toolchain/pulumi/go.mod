module media-platform/local/toolchain/pulumi

go 1.26

require (
	github.com/pulumi/pulumi/pkg/v3 v3.180.0
	github.com/pulumi/pulumi/sdk/v3 v3.180.0
)
