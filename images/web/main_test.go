package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// get asks a service of that role, whose backend is at an address, for a path.
func get(t *testing.T, service *service, path string) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := service.handler()
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

func TestHelloNamesThePod(t *testing.T) {
	for _, role := range []string{"golang-api", "backend", "frontend"} {
		answer := get(t, newService(role, "pod-1", ""), "/hello")
		if answer.Code != 200 || !strings.Contains(answer.Body.String(), role+", Pod pod-1") {
			t.Errorf("%s: %d %s", role, answer.Code, answer.Body)
		}
	}
}

func TestAnEndingServiceIsUnreadyAndStillServes(t *testing.T) {
	service := newService("golang-api", "pod-1", "")
	if answer := get(t, service, "/healthz"); answer.Code != 200 {
		t.Errorf("before: %d", answer.Code)
	}
	service.ending.Store(true)
	if answer := get(t, service, "/healthz"); answer.Code != 503 {
		t.Errorf("healthz while ending: %d", answer.Code)
	}
	if answer := get(t, service, "/hello"); answer.Code != 200 {
		t.Errorf("hello while ending: %d", answer.Code)
	}
}

func TestThereAreThreeInstructors(t *testing.T) {
	backend := newService("backend", "pod-1", "")
	for path, code := range map[string]int{
		"/instructor/1": 200, "/instructor/2": 200, "/instructor/3": 200, "/instructor/4": 404, "/instructor/x": 404,
	} {
		if answer := get(t, backend, path); answer.Code != code {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	if answer := get(t, newService("golang-api", "pod-1", ""), "/instructor/1"); answer.Code != 404 {
		t.Errorf("golang-api has instructors: %d", answer.Code)
	}
}

func TestTheFrontendSaysWhichBackendAnswered(t *testing.T) {
	handler, err := newService("backend", "backend-1", "").handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	frontend := newService("frontend", "frontend-1", server.URL)
	answer := get(t, frontend, "/instructor/2")
	if answer.Code != 200 || answer.Header().Get("X-Backend") != "backend-1" || answer.Header().Get("X-Pod") != "frontend-1" {
		t.Errorf("%d %v", answer.Code, answer.Header())
	}
	if answer := get(t, frontend, "/instructor/9"); answer.Code != 404 {
		t.Errorf("unknown number: %d", answer.Code)
	}
}

func TestTheFrontendTriesOnceMore(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked == 1 {
			panic(http.ErrAbortHandler) // which cuts the connection
		}
		w.Header().Set("X-Pod", "backend-2")
	}))
	defer server.Close()
	answer := get(t, newService("frontend", "frontend-1", server.URL), "/instructor/1")
	if answer.Code != 200 || asked != 2 {
		t.Errorf("%d after %d requests", answer.Code, asked)
	}
}

func TestABackendThatIsNotThereIsSaid(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	answer := get(t, newService("frontend", "frontend-1", server.URL), "/instructor/1")
	if answer.Code != 502 || !strings.Contains(answer.Body.String(), "connection refused") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestAnUnknownRoleIsRefused(t *testing.T) {
	if _, err := newService("database", "pod-1", "").handler(); err == nil {
		t.Error("no error")
	}
}
