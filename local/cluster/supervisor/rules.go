package main

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// State is what the API server knows, as far as NetworkPolicies need it.
type State struct {
	Pods       []Pod
	Namespaces []Object
	Policies   []NetworkPolicy
}

const (
	chainAll = "MEDIA-POLICIES"
	anywhere = "0.0.0.0/0"
)

// direction is one of the two ends of a connection, as a policy and as iptables call it.
type direction struct {
	policyType string
	letter     string
	own, other string // flags of the pod's own address and of the peer's
	rules      func(*NetworkPolicy) []Rule
	peers      func(*Rule) []Peer
}

var directions = []direction{
	{"Egress", "E", "-s", "-d", func(p *NetworkPolicy) []Rule { return p.Spec.Egress }, func(r *Rule) []Peer { return r.To }},
	{"Ingress", "I", "-d", "-s", func(p *NetworkPolicy) []Rule { return p.Spec.Ingress }, func(r *Rule) []Peer { return r.From }},
}

// ruleset is the whole filter as `iptables-restore --noflush` reads it. Pure.
//
// New connections pass chainAll. A pod that some policy isolates has a chain for that direction, which returns what is
// allowed and refuses the rest; a connection needs the leave of both its ends. A pod that is not known yet is not
// filtered: a connection that it opens in its first moments passes.
func ruleset(state *State) string {
	var chains, jumps, rules []string
	for _, pod := range state.Pods {
		if !pod.isFiltered() {
			continue
		}
		for _, d := range directions {
			policies := isolating(state, &pod, d)
			if len(policies) == 0 {
				continue
			}
			chain := chainOf(&pod, d)
			chains = append(chains, ":"+chain+" - [0:0]")
			jumps = append(jumps, fmt.Sprintf("-A %s %s %s/32 -j %s", chainAll, d.own, pod.Status.PodIP, chain))
			rules = append(rules, podRules(state, &pod, d, chain, policies)...)
		}
	}
	lines := slices.Concat([]string{"*filter", ":" + chainAll + " - [0:0]"}, chains, jumps, rules, []string{"COMMIT", ""})
	return strings.Join(lines, "\n")
}

// podRules allows the pod itself, then what any of the policies allows, and refuses the rest at once, so that a missing link is seen and not waited for.
func podRules(state *State, pod *Pod, d direction, chain string, policies []NetworkPolicy) []string {
	allowed := []string{fmt.Sprintf("%s %s/32", d.other, pod.Status.PodIP)}
	for _, policy := range policies {
		for _, rule := range d.rules(&policy) {
			for _, port := range portsOf(&rule) {
				for _, address := range addressesOf(state, &policy, d.peers(&rule)) {
					number, known := port.number(destination(state, pod, address, d))
					if known {
						allowed = append(allowed, strings.TrimSpace(match(d.other, address)+number))
					}
				}
			}
		}
	}
	slices.Sort(allowed)
	lines := []string{}
	for _, condition := range slices.Compact(allowed) {
		lines = append(lines, strings.Join(strings.Fields("-A "+chain+" "+condition+" -j RETURN"), " "))
	}
	return append(lines, "-A "+chain+" -j REJECT --reject-with icmp-admin-prohibited")
}

func isolating(state *State, pod *Pod, d direction) []NetworkPolicy {
	found := []NetworkPolicy{}
	for _, policy := range state.Policies {
		inNamespace := policy.Metadata.Namespace == pod.Metadata.Namespace
		if inNamespace && policy.has(d.policyType) && policy.Spec.PodSelector.matches(pod.Metadata.Labels) {
			found = append(found, policy)
		}
	}
	return found
}

// addressesOf the peers, as CIDRs; no peers at all means everyone.
func addressesOf(state *State, policy *NetworkPolicy, peers []Peer) []string {
	if len(peers) == 0 {
		return []string{anywhere}
	}
	found := []string{}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			found = append(found, without(peer.IPBlock.CIDR, peer.IPBlock.Except)...)
			continue
		}
		for _, pod := range state.Pods {
			if pod.isFiltered() && selects(state, policy, &peer, &pod) {
				found = append(found, pod.Status.PodIP+"/32")
			}
		}
	}
	return found
}

func selects(state *State, policy *NetworkPolicy, peer *Peer, pod *Pod) bool {
	if peer.PodSelector != nil && !peer.PodSelector.matches(pod.Metadata.Labels) {
		return false
	}
	if peer.NamespaceSelector == nil {
		return pod.Metadata.Namespace == policy.Metadata.Namespace
	}
	for _, namespace := range state.Namespaces {
		if namespace.Metadata.Name == pod.Metadata.Namespace {
			return peer.NamespaceSelector.matches(namespace.Metadata.Labels)
		}
	}
	return false
}

// without takes addresses out of a network: what is left, in as few networks as it takes. IPv4 only, as the cluster is.
func without(cidr string, except []string) []string {
	network, err := netip.ParsePrefix(cidr)
	if err != nil || !network.Addr().Is4() {
		return nil
	}
	touched := false
	for _, text := range except {
		hole, err := netip.ParsePrefix(text)
		if err != nil || !hole.Overlaps(network) {
			continue
		}
		if hole.Bits() <= network.Bits() {
			return nil
		}
		touched = true
	}
	if !touched {
		return []string{network.Masked().String()}
	}
	low, high := halves(network.Masked())
	return append(without(low, except), without(high, except)...)
}

func halves(network netip.Prefix) (string, string) {
	bytes := network.Addr().As4()
	bit := network.Bits()
	bytes[bit/8] |= 1 << (7 - bit%8)
	return netip.PrefixFrom(network.Addr(), bit+1).String(), netip.PrefixFrom(netip.AddrFrom4(bytes), bit+1).String()
}

// destination is the pod whose named ports count: the pod itself for what comes in, the peer for what goes out.
func destination(state *State, pod *Pod, address string, d direction) *Pod {
	if d.policyType == "Ingress" {
		return pod
	}
	for i := range state.Pods {
		if state.Pods[i].isFiltered() && state.Pods[i].Status.PodIP+"/32" == address {
			return &state.Pods[i]
		}
	}
	return nil
}

func portsOf(rule *Rule) []Port {
	if len(rule.Ports) == 0 {
		return []Port{{}}
	}
	return rule.Ports
}

// number is the port as iptables matches it; a name that the pod does not have matches nothing.
func (port *Port) number(pod *Pod) (string, bool) {
	if port.Protocol == "" && port.Port == nil {
		return "", true
	}
	protocol := strings.ToLower(port.Protocol)
	if protocol == "" {
		protocol = "tcp"
	}
	text := strings.Trim(string(port.Port), `"`)
	if text == "" || text == "null" {
		return " -p " + protocol, true
	}
	if _, err := strconv.Atoi(text); err != nil {
		number := pod.portNamed(text)
		return fmt.Sprintf(" -p %s --dport %d", protocol, number), number > 0
	}
	if port.EndPort > 0 {
		text += ":" + strconv.Itoa(port.EndPort)
	}
	return " -p " + protocol + " --dport " + text, true
}

func match(flag, address string) string {
	if address == anywhere {
		return ""
	}
	return flag + " " + address
}

// chainOf names a pod's chain; iptables allows 28 characters.
func chainOf(pod *Pod, d direction) string {
	return fmt.Sprintf("MEDIA-%s-%x", d.letter, sha256.Sum256([]byte(pod.Metadata.UID)))[:20]
}
