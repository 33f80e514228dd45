_ = Polymath.Native.Disk.Default;
Console.WriteLine(TorchSharp.torch.ones(2).sum().item<float>());
