package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const objects = `{
  "Namespaces": [
    {"metadata": {"name": "a", "labels": {"name": "a"}}},
    {"metadata": {"name": "b", "labels": {"name": "b"}}}
  ],
  "Pods": [
    {"metadata": {"name": "web", "namespace": "a", "uid": "1", "labels": {"app": "web"}}, "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]}, "status": {"phase": "Running", "podIP": "10.0.0.1"}},
    {"metadata": {"name": "db", "namespace": "a", "uid": "2", "labels": {"app": "db"}}, "status": {"phase": "Running", "podIP": "10.0.0.2"}},
    {"metadata": {"name": "db", "namespace": "b", "uid": "3", "labels": {"app": "db"}}, "status": {"phase": "Running", "podIP": "10.0.0.3"}},
    {"metadata": {"name": "done", "namespace": "a", "uid": "4", "labels": {"app": "db"}}, "status": {"phase": "Succeeded", "podIP": "10.0.0.1"}},
    {"metadata": {"name": "agent", "namespace": "a", "uid": "5", "labels": {"app": "db"}}, "spec": {"hostNetwork": true}, "status": {"phase": "Running", "podIP": "10.9.9.9"}}
  ],
  "Policies": [%s]
}`

func rulesFor(t *testing.T, policies ...string) []string {
	t.Helper()
	state := &State{}
	if err := json.Unmarshal([]byte(strings.Replace(objects, "%s", strings.Join(policies, ","), 1)), state); err != nil {
		t.Fatal(err)
	}
	return strings.Split(ruleset(state), "\n")
}

func policy(spec string) string {
	return `{"metadata": {"name": "p", "namespace": "a"}, "spec": ` + spec + `}`
}

// conditions under which the chain of one pod lets a connection through.
func conditions(t *testing.T, uid, policyType string, policies ...string) []string {
	t.Helper()
	d := directions[slices.IndexFunc(directions, func(d direction) bool { return d.policyType == policyType })]
	chain := chainOf(&Pod{Metadata: Metadata{UID: uid}}, d)
	found := []string{}
	for _, line := range rulesFor(t, policies...) {
		if condition, is := strings.CutPrefix(line, "-A "+chain+" "); is {
			found = append(found, strings.TrimSuffix(condition, " -j RETURN"))
		}
	}
	return found
}

const refused = "-j REJECT --reject-with icmp-admin-prohibited"

func TestWhatAPolicyLets(t *testing.T) {
	for name, test := range map[string]struct {
		uid, policyType, policy string
		want                    []string
	}{
		"deny all": {"1", "Ingress", `{"podSelector": {}, "policyTypes": ["Ingress"]}`,
			[]string{"-s 10.0.0.1/32", refused}},
		"a rule without peers and ports lets everyone in": {"1", "Ingress", `{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}`,
			[]string{"-j RETURN", "-s 10.0.0.1/32", refused}},
		"pods of the same namespace, on a port; ended pods and those with the node's address are none": {"1", "Ingress",
			`{"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"protocol": "TCP", "port": 80}]}]}`,
			[]string{"-s 10.0.0.1/32", "-s 10.0.0.2/32 -p tcp --dport 80", refused}},
		"pods of another namespace": {"1", "Egress",
			`{"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"namespaceSelector": {"matchLabels": {"name": "b"}}, "podSelector": {}}], "ports": [{"protocol": "UDP", "port": 53, "endPort": 54}]}]}`,
			[]string{"-d 10.0.0.1/32", "-d 10.0.0.3/32 -p udp --dport 53:54", refused}},
		"a port by name: the pod's own for what comes in": {"1", "Ingress", `{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "http"}]}]}`,
			[]string{"-p tcp --dport 8080", "-s 10.0.0.1/32", refused}},
		"a port by a name that nobody has lets nothing through": {"2", "Ingress", `{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "http"}]}]}`,
			[]string{"-s 10.0.0.2/32", refused}},
		"networks with holes": {"1", "Egress",
			`{"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/30", "except": ["192.0.2.1/32"]}}]}]}`,
			[]string{"-d 10.0.0.1/32", "-d 192.0.2.0/32", "-d 192.0.2.2/31", refused}},
		"expressions": {"1", "Ingress",
			`{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}, {"key": "app", "operator": "Exists"}]}}]}]}`,
			[]string{"-s 10.0.0.1/32", "-s 10.0.0.2/32", "-s 10.0.0.3/32", refused}},
		"a policy for the other direction isolates nothing": {"1", "Egress", `{"podSelector": {}, "policyTypes": ["Ingress"]}`, []string{}},
		"a policy for other pods isolates nothing":          {"1", "Ingress", `{"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}`, []string{}},
		"a policy of another namespace isolates nothing":    {"3", "Ingress", `{"podSelector": {}, "policyTypes": ["Ingress"]}`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := conditions(t, test.uid, test.policyType, policy(test.policy))
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPoliciesAddUp(t *testing.T) {
	deny := policy(`{"podSelector": {}, "policyTypes": ["Ingress"]}`)
	allow := policy(`{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]}`)
	for _, order := range [][]string{{deny, allow}, {allow, deny}} {
		got := conditions(t, "1", "Ingress", order...)
		if want := []string{"-p tcp --dport 80", "-s 10.0.0.1/32", refused}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithout(t *testing.T) {
	for _, test := range []struct {
		cidr   string
		except []string
		want   []string
	}{
		{"0.0.0.0/0", nil, []string{"0.0.0.0/0"}},
		{"10.0.0.0/8", []string{"192.168.0.0/16"}, []string{"10.0.0.0/8"}},
		{"10.0.0.0/24", []string{"10.0.0.0/8"}, nil},
		{"10.0.0.0/8", []string{"10.128.0.0/9"}, []string{"10.0.0.0/9"}},
		{"nonsense", nil, nil},
		{"::/0", nil, nil},
	} {
		if got := without(test.cidr, test.except); !slices.Equal(got, test.want) {
			t.Errorf("%s without %v: got %v, want %v", test.cidr, test.except, got, test.want)
		}
	}
}
