// A C extension: from fast import greeting.
#include <Python.h>

static PyObject *greeting(PyObject *self, PyObject *args) {
    (void)self, (void)args;
    return PyUnicode_FromString("Hello from a Python app running on Alpine!");
}

static PyMethodDef methods[] = {{"greeting", greeting, METH_NOARGS, "What the program says."}, {0, 0, 0, 0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", 0, -1, methods, 0, 0, 0, 0};

PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
