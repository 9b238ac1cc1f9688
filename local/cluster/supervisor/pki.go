package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// identity is one certificate of the cluster: who it names and, for servers, under which names it answers.
type identity struct {
	file, user, group string
	names             []string
	addresses         []string
}

const validity = 10 * 365 * 24 * time.Hour // a development cluster; `make down PURGE=1` makes new ones

// makePki makes what is missing and leaves what is there: pods and kubeconfigs of a running cluster trust it.
func makePki(spec *Spec, _ string) error {
	if err := os.MkdirAll(spec.PkiDir, 0o700); err != nil {
		return err
	}
	ca, caKey, err := authority(spec.PkiDir)
	if err != nil {
		return err
	}
	identities := []identity{
		{file: "apiserver", user: "kube-apiserver",
			names:     []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			addresses: []string{spec.Link.Inside, "127.0.0.1", spec.ServiceIP}},
		{file: "apiserver-kubelet", user: "kube-apiserver-kubelet", group: "system:masters"},
		{file: "front-proxy", user: "front-proxy-client"},
		{file: "admin", user: "admin", group: "system:masters"},
		{file: "controller-manager", user: "system:kube-controller-manager"},
		{file: "scheduler", user: "system:kube-scheduler"},
		{file: "proxy", user: "system:kube-proxy"},
		{file: "kubelet", user: "system:node:" + spec.Name, group: "system:nodes", names: []string{spec.Name}, addresses: []string{spec.Link.Inside, "127.0.0.1"}},
	}
	for _, id := range identities {
		if err := issue(spec.PkiDir, id, ca, caKey); err != nil {
			return err
		}
	}
	return serviceAccountKey(spec.PkiDir)
}

func authority(dir string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certFile, keyFile := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key")
	if cert, key, err := load(certFile, keyFile); err == nil {
		return cert, key, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := certificate("kubernetes-ca", "")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if err := write(certFile, keyFile, template, template, key, key); err != nil {
		return nil, nil, err
	}
	return load(certFile, keyFile)
}

func issue(dir string, id identity, ca *x509.Certificate, caKey *ecdsa.PrivateKey) error {
	certFile, keyFile := filepath.Join(dir, id.file+".crt"), filepath.Join(dir, id.file+".key")
	if _, _, err := load(certFile, keyFile); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificate(id.user, id.group)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.DNSNames = id.names
	for _, address := range id.addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
	}
	return write(certFile, keyFile, template, ca, key, caKey)
}

func certificate(user, group string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	subject := pkix.Name{CommonName: user}
	if group != "" {
		subject.Organization = []string{group}
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: subject, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity)}
}

func serviceAccountKey(dir string) error {
	private := filepath.Join(dir, "service-account.key")
	if _, err := os.Stat(private); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := writePem(filepath.Join(dir, "service-account.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(private, key)
}

func write(certFile, keyFile string, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return err
	}
	if err := writeKey(keyFile, key); err != nil {
		return err
	}
	return writePem(certFile, "CERTIFICATE", der)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePem(path, "EC PRIVATE KEY", der)
}

func writePem(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

func load(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certText, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, err
	}
	keyText, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, err
	}
	certBlock, _ := pem.Decode(certText)
	keyBlock, _ := pem.Decode(keyText)
	if certBlock == nil || keyBlock == nil {
		return nil, nil, os.ErrInvalid // cut off while it was written: made anew
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	return cert, key, err
}
