//go:build cgo && unix

package pkcs11

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

// The list of functions of PKCS #11 v2.40 section 3.6, as far as it is used here: a version,
// then the functions in the order of the standard, on Unix without packing.
struct functions {
	unsigned char version[2];
	void *call[68];
};

enum { C_INIT_TOKEN = 9, C_INIT_PIN = 10, C_LOGIN = 18 };

typedef unsigned long (*get_list)(struct functions **);
typedef unsigned long (*init_token)(unsigned long, unsigned char *, unsigned long, unsigned char *);
typedef unsigned long (*init_pin)(unsigned long, unsigned char *, unsigned long);
typedef unsigned long (*login)(unsigned long, unsigned long, unsigned char *, unsigned long);

// functions_of maps a library and finds its functions. It leaves the library mapped.
static struct functions *functions_of(const char *path, const char **why)
{
	struct functions *list = NULL;
	void *library = dlopen(path, RTLD_LAZY);
	if (library == NULL) {
		*why = dlerror();
		return NULL;
	}
	get_list get = (get_list)dlsym(library, "C_GetFunctionList");
	if (get == NULL) {
		*why = "it is a library, but no PKCS #11 module: it has no C_GetFunctionList";
		dlclose(library);
		return NULL;
	}
	if (get(&list) != 0 || list == NULL) {
		*why = "its C_GetFunctionList gives no functions";
		return NULL;
	}
	return list;
}

static unsigned long call_login(struct functions *f, unsigned long session, unsigned long user,
	unsigned char *pin, unsigned long length)
{
	return ((login)f->call[C_LOGIN])(session, user, pin, length);
}

static unsigned long call_init_token(struct functions *f, unsigned long slot,
	unsigned char *pin, unsigned long length, unsigned char *label)
{
	return ((init_token)f->call[C_INIT_TOKEN])(slot, pin, length, label);
}

static unsigned long call_init_pin(struct functions *f, unsigned long session,
	unsigned char *pin, unsigned long length)
{
	return ((init_pin)f->call[C_INIT_PIN])(session, pin, length);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// functions is a module's own list of functions. The binding (miekg/pkcs11) hides its copy, and
// four things need it: the loader's reason when a module does not load, PINs that go to the
// module in memory that is cleared afterwards, and a login without PIN, which the standard
// writes as a null pointer (PKCS #11 v2.40 section 5.6).
type functions struct{ list *C.struct_functions }

func loadFunctions(path string) (functions, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why *C.char
	list := C.functions_of(name, &why)
	if list == nil {
		return functions{}, notLoaded(path, C.GoString(why))
	}
	return functions{list}, nil
}

// initToken calls C_InitToken with the caller's own memory. The label is padded with blanks, and
// not ended with a NUL (PKCS #11 v2.40 section 5.5).
func (f functions) initToken(slot uint, pin []byte, label string) error {
	padded := []byte(fmt.Sprintf("%-*s", maxTokenLabel, label))
	if code := C.call_init_token(f.list, C.ulong(slot), (*C.uchar)(&pin[0]), C.ulong(len(pin)), (*C.uchar)(&padded[0])); code != 0 {
		return CKR(code)
	}
	return nil
}

// initPIN calls C_InitPIN with the caller's own memory.
func (f functions) initPIN(s sessionHandle, pin []byte) error {
	if code := C.call_init_pin(f.list, C.ulong(s), (*C.uchar)(&pin[0]), C.ulong(len(pin))); code != 0 {
		return CKR(code)
	}
	return nil
}

// login calls C_Login with the caller's own memory.
func (f functions) login(s sessionHandle, user uint, pin []byte) error {
	var at *C.uchar
	if pin != nil {
		empty := [1]byte{} // a PIN of length zero is not the same as none: its pointer is not null
		at = (*C.uchar)(&empty[0])
		if len(pin) > 0 {
			at = (*C.uchar)(&pin[0])
		}
	}
	if code := C.call_login(f.list, C.ulong(s), C.ulong(user), at, C.ulong(len(pin))); code != 0 {
		return CKR(code)
	}
	return nil
}
