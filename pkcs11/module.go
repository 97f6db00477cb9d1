package pkcs11

import (
	"fmt"
	"strings"
	"sync"

	p11 "github.com/miekg/pkcs11"
)

// Module is a loaded PKCS #11 module, initialised for this process. It is safe for concurrent
// use.
type Module struct {
	path  string
	calls calls
	owner *registry // nil for a module that is not shared
}

// registry holds the modules of the process by path. C_Initialize is once per process and
// module (PKCS #11 v2.40 section 5.4), so that this is state of the process, whoever opens.
// Modules stay mapped after their last Close: some leave threads or exit handlers behind, and
// unmapping their code would end the process.
type registry struct {
	mu      sync.Mutex
	modules map[string]*loaded
}

type loaded struct {
	calls calls
	init  string
	users int
	ours  bool // C_Initialize was ours, so C_Finalize is
}

var modules = registry{modules: map[string]*loaded{}}

// Open loads the module at an absolute path and initialises it. init is what C_Initialize
// passes on, for the few modules that want a string there (NSS); empty for others.
func Open(path, init string) (*Module, error) {
	return modules.open(path, init, load)
}

func (r *registry) open(path, init string, load func(string) (calls, error)) (*Module, error) {
	if path == "" {
		return nil, &Error{Object: "PKCS #11 module", Kind: ErrNoModule, Cause: "none is named",
			Fix: "give module-path in the URI, or set SIGNET_PKCS11_MODULE"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.modules[path]
	if l == nil {
		c, err := load(path)
		if err != nil {
			return nil, err
		}
		l = &loaded{calls: c}
		r.modules[path] = l
	}
	if l.users > 0 && l.init != init {
		return nil, &Error{Object: moduleName(path), Kind: ErrNoModule, Cause: "it is in use with another initialisation string",
			Fix: "close it there first"}
	}
	if l.users == 0 {
		err := l.calls.initialize(init)
		// Another library in this process may use the module, too.
		l.ours = codeOf(err) != p11.CKR_CRYPTOKI_ALREADY_INITIALIZED
		if err != nil && l.ours {
			return nil, fault(moduleName(path), "initialise", err)
		}
		l.init = init
	}
	l.users++
	return &Module{path: path, calls: l.calls, owner: r}, nil
}

// Path gives the path that the module was opened with.
func (m *Module) Path() string { return m.path }

// Close gives the module back; the last one to do so ends its use by this process.
func (m *Module) Close() error {
	if m.owner == nil {
		return nil
	}
	r := m.owner
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.modules[m.path]
	m.owner = nil
	if l.users--; l.users > 0 || !l.ours {
		return nil
	}
	return fault(moduleName(m.path), "finalise", l.calls.finalize())
}

func moduleName(path string) string { return fmt.Sprintf("PKCS #11 module %q", path) }

// notLoaded makes the error of a module that the system's loader refused.
func notLoaded(path, why string) error {
	e := &Error{Object: moduleName(path), Kind: ErrNoModule, Cause: clipLine(why)}
	if strings.Contains(why, "No such file") {
		e.Fix = "install the vendor's module, or correct module-path or SIGNET_PKCS11_MODULE"
	}
	return e
}

// clipLine makes one line of what a loader said.
func clipLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}
