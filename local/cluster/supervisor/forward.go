package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"
)

// forwardAddress listens until it can, and passes every connection on.
func forwardAddress(listen, target string) {
	for {
		listener, err := net.Listen("tcp", listen)
		if err == nil {
			serve(listener, target)
		}
		time.Sleep(poll)
	}
}

func serve(listener net.Listener, target string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go pass(client, target)
	}
}

func pass(client net.Conn, target string) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	half := func(to, from net.Conn) {
		io.Copy(to, from)
		to.(*net.TCPConn).CloseWrite()
	}
	both.Go(func() { half(server, client) })
	half(client, server)
	both.Wait()
}

// forwardNodePorts makes 127.0.0.1:PORT on the host reach every NodePort of the cluster, as Services come and go.
func forwardNodePorts(spec *Spec) {
	listeners := map[int32]net.Listener{}
	for ; ; time.Sleep(time.Second) {
		wanted, err := nodePorts(spec)
		if err != nil {
			continue // the API server is not up yet, or not now
		}
		for port := range wanted {
			if listeners[port] != nil {
				continue
			}
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				log.Printf("node port %d cannot be offered on 127.0.0.1: %v", port, err)
				continue
			}
			listeners[port] = listener
			go serve(listener, fmt.Sprintf("%s:%d", spec.Link.Inside, port))
		}
		for port, listener := range listeners {
			if !wanted[port] {
				listener.Close()
				delete(listeners, port)
			}
		}
	}
}

type service struct {
	Spec struct {
		Ports []struct {
			NodePort int32 `json:"nodePort"`
		} `json:"ports"`
	} `json:"spec"`
}

func nodePorts(spec *Spec) (map[int32]bool, error) {
	var services []service
	if err := list(spec, "/api/v1/services?resourceVersion=0", &services); err != nil {
		return nil, err
	}
	ports := map[int32]bool{}
	for _, service := range services {
		for _, port := range service.Spec.Ports {
			if port.NodePort > 0 {
				ports[port.NodePort] = true
			}
		}
	}
	return ports, nil
}
