//! An interpreter that is not Rust's, played by a small one with counted objects (P139 to P162, P41 to P44, P163).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use keyway::{
    DeviceEvent, ForeignModeTraits, ForeignObject, Handler, HandlerType, Interpreter, InterpreterRef, KeySet,
    ObjectAddress, Operator, PythonDispatcherGuard, Stack, python_dispatcher, register_interpreter,
    set_device_tracer, trace_device, with_mode, with_python_dispatcher,
};

use super::*;

/// An object: how many hold it, its type, and what its handler does.
struct Thing {
    holders: usize,
    ty: usize,
    does: Does2,
}

type Does2 = fn(&mut Call<'_>) -> Result<Answer>;

#[derive(Default)]
struct Things {
    all: Mutex<HashMap<usize, Thing>>,
    next: AtomicUsize,
    log: Log,
}

/// The interpreter's face to the runtime.
struct Toy(Arc<Things>);

impl Things {
    fn make(&self, ty: usize, does: Does2) -> ObjectAddress {
        let address = 100 + self.next.fetch_add(1, Ordering::Relaxed);
        self.all.lock().unwrap().insert(address, Thing { holders: 1, ty, does });
        ObjectAddress::new(address).unwrap()
    }

    fn holders(&self, object: ObjectAddress) -> usize {
        self.all.lock().unwrap().get(&object.get()).map_or(0, |thing| thing.holders)
    }

    fn count(&self, object: ObjectAddress, by: isize) {
        let mut all = self.all.lock().unwrap();
        let thing = all.get_mut(&object.get()).expect("an object that is there");
        thing.holders = thing.holders.checked_add_signed(by).expect("never below nothing");
        if thing.holders == 0 {
            all.remove(&object.get());
        }
    }
}

impl Interpreter for Toy {
    fn name(&self) -> &str {
        "toy"
    }

    fn acquire(&self, object: ObjectAddress) {
        self.0.count(object, 1);
    }

    fn release(&self, object: ObjectAddress) {
        self.0.count(object, -1);
    }

    fn try_acquire(&self, object: ObjectAddress) -> bool {
        self.0.holders(object) > 0 && {
            self.0.count(object, 1);
            true
        }
    }

    fn holders(&self, object: ObjectAddress) -> usize {
        self.0.holders(object)
    }

    fn type_of(&self, object: ObjectAddress) -> ObjectAddress {
        ObjectAddress::new(self.0.all.lock().unwrap()[&object.get()].ty).unwrap()
    }

    fn type_name(&self, ty: ObjectAddress) -> String {
        format!("Type{}", ty.get())
    }

    /// Type 12 derives from type 1, as 34 would from 3.
    fn is_subtype(&self, ty: ObjectAddress, of: ObjectAddress) -> bool {
        ty == of || ty.get() / 10 == of.get()
    }

    fn dispatch(&self, handler: Handler<'_>, call: &mut Call<'_>) -> Result<Answer> {
        let object = match handler {
            Handler::Mode(mode) => mode.address(*TOY)?,
            Handler::Subclass(tensor) => tensor.object_slot().load(*TOY)?.unwrap(),
        };
        let does = self.0.all.lock().unwrap()[&object.get()].does;
        let types: Vec<String> = call.types().map(|ty| ty.to_string()).collect();
        self.0.log.write(format!("{} {} {types:?}", self.type_name(self.type_of(object)), call.operator()));
        does(call)
    }

    fn trace_device(&self, event: &DeviceEvent) {
        self.0.log.write(format!("{event:?}"));
    }

    fn python_dispatcher(&self, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
        self.0.log.write(format!("dispatcher {operator} {}", keys.highest()));
        // The kernel at the highest key, on a set that leads back here: one visit a layer (P164).
        with_python_dispatcher(None, || operator.redispatch_boxed(keys, stack))
    }
}

static THINGS: LazyLock<Arc<Things>> = LazyLock::new(Arc::default);
static TOY: LazyLock<InterpreterRef> = LazyLock::new(|| register_interpreter(Toy(THINGS.clone())).unwrap());

/// One test at a time: they read what all wrote.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    THINGS.log.take();
    guard
}

/// A tensor of the toy's class, whose object the tensor keeps.
fn wrapped(ty: usize, does: Does2) -> Tensor {
    let tensor = Tensor::foreign_wrapper(WrapperMetadata::like(&tensor(&[1.0])));
    let object = THINGS.make(ty, does);
    assert_eq!(tensor.object_slot().claim(*TOY, object).unwrap(), object);
    assert!(tensor.object_slot().keep() && !tensor.object_slot().keep());
    tensor
}

fn answer_four(call: &mut Call<'_>) -> Result<Answer> {
    call.answer([tensor(&[4.0]).into()])?;
    Ok(Answer::Done)
}

/// P158, P161, P162: handles count through the vtable, on any thread, and give their count away on demand.
#[test]
fn handles_count_their_holders() {
    let object = THINGS.make(1, forward);
    let handle = ForeignObject::adopt(*TOY, object);
    let copy = handle.clone();
    assert_eq!(THINGS.holders(object), 2);
    std::thread::spawn(move || drop(copy)).join().unwrap();
    assert_eq!(THINGS.holders(object), 1);
    assert_eq!(handle.address(*TOY).unwrap(), object);
    assert_eq!(handle.interpreter(), *TOY);
    let again = ForeignObject::acquire(*TOY, handle.release());
    assert_eq!(THINGS.holders(object), 2);
    drop(again);
    THINGS.count(object, -1);
    assert_eq!(THINGS.holders(object), 0);
}

/// P146, P147, P151, P153: the slot is one interpreter's for good; the first object stays; clearing says whether a count is owed.
#[test]
fn a_slot_is_claimed_once() {
    let other = register_interpreter(Toy(Arc::default())).unwrap();
    let (first, second) = (THINGS.make(1, forward), THINGS.make(1, forward));
    let x = tensor(&[1.0]);
    let slot = x.object_slot();
    assert_eq!(slot.load(*TOY).unwrap(), None);
    assert_eq!(slot.claim(*TOY, first).unwrap(), first);
    assert_eq!(slot.claim(*TOY, second).unwrap(), first, "the winner's object");
    for error in [slot.load(other).unwrap_err(), slot.claim(other, second).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::ForeignInterpreter);
        assert!(error.to_string().contains("toy"), "{error}");
    }
    assert!(!slot.clear() && slot.load(*TOY).unwrap().is_none());
    let handle = ForeignObject::adopt(*TOY, first);
    assert_eq!(handle.address(other).unwrap_err().kind(), ErrorKind::ForeignInterpreter);
}

/// P149, P150: an object that the tensor keeps lives as long as the tensor, and goes with it.
#[test]
fn a_kept_object_goes_with_its_tensor() {
    let tensor = wrapped(1, answer_four);
    let object = tensor.object_slot().load(*TOY).unwrap().unwrap();
    let held = tensor.clone();
    drop(tensor);
    assert_eq!(THINGS.holders(object), 1);
    assert!(held.object_slot().take_back() && !held.object_slot().is_keeping());
    assert!(held.object_slot().keep());
    drop(held);
    assert_eq!(THINGS.holders(object), 0);
}

/// P17, P91, P92: classes of the interpreter and of Rust among the arguments of one call, derived ones first within their own.
#[test]
fn classes_of_two_interpreters_share_one_order() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let a = A::tensor(&tensor(&[1.0]), &log, |_, call| decline(call));
    let (base, derived) = (wrapped(1, decline), wrapped(12, answer_four));
    let joined = call("aten::cat", [vec![a, base.clone(), derived.clone()].into()])?;
    assert_eq!(elements(&joined), [4.0]);
    assert_eq!(log.take(), ["A aten::cat 0 [\"A\", \"Type12\", \"Type1\"]"]);
    assert_eq!(THINGS.log.take(), ["Type12 aten::cat [\"interception::A\", \"Type12\", \"Type1\"]"]);
    let error = add(&base, &base).unwrap_err();
    assert!(error.kind() == ErrorKind::AllDeclined && error.to_string().contains("Type1"), "{error}");
    assert_untouched();
    Ok(())
}

/// Modes of Rust and of the interpreter on one stack.
#[test]
fn modes_of_two_interpreters_share_one_stack() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let object = THINGS.make(7, forward);
    let foreign = Mode::foreign(
        ForeignObject::adopt(*TOY, object),
        ForeignModeTraits {
            name: "toy mode".to_owned(),
            ty: HandlerType::foreign(*TOY, ObjectAddress::new(7).unwrap()),
            operators: None,
            slot: None,
            is_pre_dispatch: false,
            is_infrastructure: false,
        },
    );
    assert!(foreign.as_foreign().is_some());
    let native = mode("M", &log, forward);
    let x = tensor(&[1.0]);
    with_mode(&native, || with_mode(&foreign, || with_mode(&native, || add(&x, &x))))????;
    assert_eq!(log.take(), ["M aten::add.Tensor 2 true []", "M aten::add.Tensor 0 false []"]);
    assert_eq!(THINGS.log.take(), ["Type7 aten::add.Tensor []"]);
    drop(foreign);
    assert_eq!(THINGS.holders(object), 0, "the stack holds nothing any more");
    assert_untouched();
    Ok(())
}

/// P140, P161, P201: an interpreter that goes away while its objects live: errors, no calls into it, no crash.
#[test]
fn an_interpreter_may_go_away_while_its_objects_live() -> Result<()> {
    let things = Arc::<Things>::default();
    let gone = register_interpreter(Toy(things.clone()))?;
    let object = things.make(1, forward);
    let handle = ForeignObject::adopt(gone, object);
    let traits = ForeignModeTraits {
        name: "late".to_owned(),
        ty: HandlerType::foreign(gone, object),
        operators: None,
        slot: None,
        is_pre_dispatch: false,
        is_infrastructure: false,
    };
    let mode = Mode::foreign(handle.clone(), traits);
    let tensor = Tensor::foreign_wrapper(WrapperMetadata::like(&tensor(&[1.0])));
    tensor.object_slot().claim(gone, object)?;
    gone.retire();
    assert!(!gone.is_alive() && gone.name().contains("gone"));
    let error = with_mode(&mode, || add(&tensor, &tensor))?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InterpreterGone, "{error}");
    let error = add(&tensor, &tensor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NobodyToAsk, "{error}");
    drop((handle, mode));
    assert_eq!(things.holders(object), 2, "left alone, as its interpreter is gone");
    assert_untouched();
    Ok(())
}

/// P41 to P44, P163: an interpreter decides for every key while its dispatcher is on; scopes nest; other threads are not touched.
#[test]
fn a_dispatcher_of_an_interpreter_gets_every_call_of_its_thread() -> Result<()> {
    let _alone = alone();
    let x = tensor(&[1.0]);
    with_python_dispatcher(Some(*TOY), || -> Result<()> {
        assert!(local_key_sets().included.contains(DispatchKey::PythonDispatcher));
        assert_eq!(elements(&add(&x, &x)?), [2.0]);
        assert_eq!(python_dispatcher(), Some(*TOY), "still on after a call");
        with_python_dispatcher(None, || add(&x, &x))?;
        std::thread::scope(|scope| scope.spawn(|| assert_eq!(python_dispatcher(), None)).join().unwrap());
        Ok(())
    })?;
    assert_eq!(THINGS.log.take(), ["dispatcher aten::add.Tensor CPU"]);
    let on = PythonDispatcherGuard::set(Some(*TOY));
    drop(on);
    assert_untouched();
    Ok(())
}

/// P143: the first tracer stays it, and hears of events while it lives.
#[test]
fn one_interpreter_traces_devices() {
    let _alone = alone();
    let late = register_interpreter(Toy(Arc::default())).unwrap();
    trace_device(&DeviceEvent::StreamCreation(1));
    assert!(set_device_tracer(*TOY) && set_device_tracer(*TOY) && !set_device_tracer(late));
    trace_device(&DeviceEvent::MemoryAllocation(64));
    assert_eq!(THINGS.log.take(), ["MemoryAllocation(64)"]);
    assert_untouched();
}
