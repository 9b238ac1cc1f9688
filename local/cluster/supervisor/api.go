package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// list reads all objects of a path into items, a pointer to a slice.
func list(spec *Spec, path string, items any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	body, err := get(ctx, spec, path)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(&struct {
		Items any `json:"items"`
	}{items})
}

func get(ctx context.Context, spec *Spec, path string) (io.ReadCloser, error) {
	client, err := apiClient(spec)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, "GET", "https://"+spec.Link.Inside+":6443"+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return answer.Body, nil
}

var api struct {
	sync.Mutex
	client *http.Client
}

func apiClient(spec *Spec) (*http.Client, error) {
	api.Lock()
	defer api.Unlock()
	if api.client != nil {
		return api.client, nil
	}
	ca, err := os.ReadFile(filepath.Join(spec.PkiDir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(spec.PkiDir, "admin.crt"), filepath.Join(spec.PkiDir, "admin.key"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	api.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}}
	return api.client, nil
}
