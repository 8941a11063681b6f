//! Copies between the chip and the host, of whole blocks of memory.
//!
//! A [`Mirror`] remembers which block is a copy of which, and gives tensors the same sizes, strides and offset over
//! either. So tensors that share memory on one side share it on the other: a view that the host makes of a copy comes
//! back as a view on the chip, and an argument comes back as the tensor it was.

use keyway::{Device, Error, ErrorKind, Result, Storage, Tensor};

use crate::memory::ChipMemory;

/// Which memory and which tensors of the chip stand for which of the host.
#[derive(Default)]
pub(crate) struct Mirror {
    memory: Vec<(Storage, Storage)>,
    tensors: Vec<(Tensor, Tensor)>,
}

impl Mirror {
    /// The tensor on the host that stands for one on the chip.
    pub(crate) fn on_host(&mut self, tensor: &Tensor) -> Result<Tensor> {
        if let Some((_, host)) = self.tensors.iter().find(|(chip, _)| chip.is_same(tensor)) {
            return Ok(host.clone());
        }
        let storage = self.memory_on_host(tensor.storage())?;
        let host = Tensor::from_storage(storage, tensor.dtype(), Device::CPU, tensor.geometry().clone())?;
        self.tensors.push((tensor.clone(), host.clone()));
        Ok(host)
    }

    fn memory_on_host(&mut self, chip: &Storage) -> Result<Storage> {
        if let Some((_, host)) = self.memory.iter().find(|(held, _)| held.is_same(chip)) {
            return Ok(host.clone());
        }
        let host = Storage::from_slice::<u8>(&ChipMemory::of(chip)?.read()?);
        self.memory.push((chip.clone(), host.clone()));
        Ok(host)
    }

    /// The tensor on a device of the chip that stands for one on the host.
    pub(crate) fn on_chip(&mut self, tensor: &Tensor, device: Device) -> Result<Tensor> {
        if let Some((chip, _)) = self.tensors.iter().find(|(_, host)| host.is_same(tensor)) {
            return Ok(chip.clone());
        }
        let storage = self.memory_on_chip(tensor.storage())?;
        let chip = Tensor::from_storage(storage, tensor.dtype(), device, tensor.geometry().clone())?;
        self.tensors.push((chip.clone(), tensor.clone()));
        Ok(chip)
    }

    fn memory_on_chip(&mut self, host: &Storage) -> Result<Storage> {
        if let Some((chip, _)) = self.memory.iter().find(|(_, held)| held.is_same(host)) {
            return Ok(chip.clone());
        }
        let bytes = host.read()?.bytes().to_vec();
        let memory = ChipMemory::zeroed(bytes.len())?;
        memory.write(bytes)?;
        let chip = Storage::opaque(memory);
        self.memory.push((chip.clone(), host.clone()));
        Ok(chip)
    }

    /// Lets a tensor of the host stand for itself.
    pub(crate) fn keep_on_host(&mut self, tensor: &Tensor) {
        self.tensors.push((tensor.clone(), tensor.clone()));
    }

    /// Brings what the host wrote through a tensor back to the chip: elements, and sizes if it was resized.
    pub(crate) fn write_back(&self, tensor: &Tensor) -> Result<()> {
        let Some((chip, host)) = self.tensors.iter().find(|(chip, _)| chip.is_same(tensor)) else {
            return Err(Error::new(
                ErrorKind::Runtime,
                "only what was copied to the host can be written back",
            ));
        };
        if chip.is_same(host) {
            return Ok(());
        }
        let bytes = host.storage().read()?.bytes().to_vec();
        ChipMemory::of(chip.storage())?.write(bytes)?;
        chip.set_geometry(host.geometry().clone())
    }
}

/// A tensor of the chip, copied to the host. Waits for the chip.
///
/// # Errors
/// `Runtime` for a tensor that is not on the chip.
pub fn to_host(tensor: &Tensor) -> Result<Tensor> {
    Mirror::default().on_host(tensor)
}

/// A tensor of the host, copied to the chip.
///
/// # Errors
/// `Runtime` for a tensor that is not on the host, and when the chip's memory is full.
pub fn to_chip(tensor: &Tensor) -> Result<Tensor> {
    Mirror::default().on_chip(tensor, crate::register()?.device())
}
