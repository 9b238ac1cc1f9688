// This file takes the place of the module's own. The component resources need the Go SDK, which is 66 of the 1,749
// packages of the plugin and two thirds of the time that its build takes.
package provider

import (
	"context"
	"fmt"

	providerresource "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

var resourceProviders = map[string]providerresource.ResourceProviderFactory{}

// Construct refuses every component resource: Chart, ConfigFile, ConfigGroup and Directory.
func (k *kubeProvider) Construct(_ context.Context, req *pulumirpc.ConstructRequest) (*pulumirpc.ConstructResponse, error) {
	return nil, fmt.Errorf("%s %q: this build of the Kubernetes plugin leaves component resources out; "+
		"declare the objects one by one, or put the published plugin on PATH", req.GetType(), req.GetName())
}
