// The course's HTTP program, one for the three roles of module 5: golang-api, backend and frontend.
//
// The role is its first argument or, without one, the environment variable ROLE. It listens on port 8080. On SIGTERM
// it turns unready at once, serves two seconds more, and ends: so that what is still on its way to it is answered.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	port     = ":8080"
	drain    = 2 * time.Second // longer than the cluster needs to take an ending Pod out of a Service
	patience = 2 * time.Second // for the backend's answer
)

var instructors = map[string]string{
	"1": "Ada Lovelace",
	"2": "Grace Hopper",
	"3": "Annie Easley",
}

// service is one running copy: its role, the Pod that it runs in, and whether it still wants requests.
type service struct {
	role    string
	pod     string
	backend string // where the frontend asks, without a path
	ending  atomic.Bool
	client  http.Client
}

func newService(role, pod, backend string) *service {
	return &service{
		role:    role,
		pod:     pod,
		backend: backend,
		// A connection for each request: only new connections are spread over a Service's Pods.
		client: http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// handler returns the paths of the service's role; every answer names the Pod in the header X-Pod.
func (s *service) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /hello", s.hello)
	switch s.role {
	case "golang-api":
	case "backend":
		mux.HandleFunc("GET /instructor/{number}", s.instructor)
	case "frontend":
		mux.HandleFunc("GET /instructor/{number}", s.relay)
	default:
		return nil, fmt.Errorf("the role is golang-api, backend or frontend, not %q", s.role)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pod", s.pod)
		mux.ServeHTTP(w, r)
	}), nil
}

func (s *service) healthz(w http.ResponseWriter, _ *http.Request) {
	if s.ending.Load() {
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *service) hello(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "Hello from %s, Pod %s\n", s.role, s.pod)
}

func (s *service) instructor(w http.ResponseWriter, r *http.Request) {
	number := r.PathValue("number")
	name, known := instructors[number]
	if !known {
		http.Error(w, "no instructor "+number, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"instructor": number, "name": name, "backend": s.pod})
}

// relay hands on what the backend answers, and says in X-Backend which Pod that was.
func (s *service) relay(w http.ResponseWriter, r *http.Request) {
	answer, err := s.ask(r)
	if err != nil {
		http.Error(w, s.backend+" does not answer: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.Header().Set("X-Backend", answer.Header.Get("X-Pod"))
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// ask tries a second time where no answer came: the Pod that was chosen may just have gone.
func (s *service) ask(r *http.Request) (*http.Response, error) {
	var failure error
	for range 2 {
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.backend+r.URL.Path, nil)
		if err != nil {
			return nil, err
		}
		answer, err := s.client.Do(request)
		if err == nil {
			return answer, nil
		}
		failure = err
	}
	// Without Go's own `Get "http://...":` before it.
	return nil, errors.Unwrap(failure)
}

// run serves until a signal comes, and drains.
func (s *service) run() error {
	handler, err := s.handler()
	if err != nil {
		return err
	}
	server := &http.Server{Addr: port, Handler: handler, ReadHeaderTimeout: patience}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("%s listens on %s in Pod %s", s.role, port, s.pod)
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	s.ending.Store(true)
	log.Printf("told to end: unready from now on, serving %s more", drain)
	time.Sleep(drain)
	last, cancelLast := context.WithTimeout(context.Background(), patience)
	defer cancelLast()
	return server.Shutdown(last)
}

func main() {
	role := os.Getenv("ROLE")
	if len(os.Args) > 1 {
		role = strings.Join(os.Args[1:], " ")
	}
	if role == "" {
		role = "golang-api"
	}
	pod, err := os.Hostname()
	if err == nil {
		err = newService(role, pod, "http://backend:8080").run()
	}
	if err != nil {
		log.Fatal(err)
	}
}
