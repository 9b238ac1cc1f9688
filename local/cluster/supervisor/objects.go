package main

import (
	"encoding/json"
	"slices"
)

// The parts of Kubernetes' objects (core/v1, networking.k8s.io/v1) that decide who may talk to whom.

type Object struct {
	Metadata Metadata `json:"metadata"`
}

type Metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	UID       string            `json:"uid"`
	Labels    map[string]string `json:"labels"`
}

type Pod struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		HostNetwork bool `json:"hostNetwork"`
		Containers  []struct {
			Ports []struct {
				Name          string `json:"name"`
				ContainerPort int    `json:"containerPort"`
			} `json:"ports"`
		} `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
		PodIP string `json:"podIP"`
	} `json:"status"`
}

// isFiltered: it has an address of its own, which an ended pod has no longer.
func (pod *Pod) isFiltered() bool {
	ended := pod.Status.Phase == "Succeeded" || pod.Status.Phase == "Failed"
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !ended
}

func (pod *Pod) portNamed(name string) int {
	if pod == nil {
		return 0
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name {
				return port.ContainerPort
			}
		}
	}
	return 0
}

type NetworkPolicy struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		PodSelector Selector `json:"podSelector"`
		PolicyTypes []string `json:"policyTypes"`
		Egress      []Rule   `json:"egress"`
		Ingress     []Rule   `json:"ingress"`
	} `json:"spec"`
}

// has: the API server fills policyTypes in where a manifest leaves it out.
func (policy *NetworkPolicy) has(policyType string) bool {
	return slices.Contains(policy.Spec.PolicyTypes, policyType)
}

type Rule struct {
	To    []Peer `json:"to"`
	From  []Peer `json:"from"`
	Ports []Port `json:"ports"`
}

type Peer struct {
	PodSelector       *Selector `json:"podSelector"`
	NamespaceSelector *Selector `json:"namespaceSelector"`
	IPBlock           *struct {
		CIDR   string   `json:"cidr"`
		Except []string `json:"except"`
	} `json:"ipBlock"`
}

type Port struct {
	Protocol string          `json:"protocol"`
	Port     json.RawMessage `json:"port"` // a number or a name
	EndPort  int             `json:"endPort"`
}

type Selector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// matches: an empty selector takes everything.
func (selector *Selector) matches(labels map[string]string) bool {
	for key, value := range selector.MatchLabels {
		if found, has := labels[key]; !has || found != value {
			return false
		}
	}
	for _, expression := range selector.MatchExpressions {
		value, has := labels[expression.Key]
		isIn := has && slices.Contains(expression.Values, value)
		holds := map[string]bool{"In": isIn, "NotIn": !isIn, "Exists": has, "DoesNotExist": !has}
		if !holds[expression.Operator] {
			return false
		}
	}
	return true
}
