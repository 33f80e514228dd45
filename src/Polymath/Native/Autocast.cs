using System.Runtime.InteropServices;

namespace Polymath.Native;

/// <summary>
/// PyTorch's automatic mixed precision on the CPU, which TorchSharp does not bind: inside the scope, matrix products of float32 tensors run
/// in bfloat16, and the backward pass follows. The state belongs to the calling thread, so a scope must not span an <c>await</c>.
/// The functions are C++ symbols of <c>libtorch_cpu</c> (<c>at::autocast</c>, ATen/autocast_mode.h); where one is absent the scope does nothing
/// and <see cref="IsAvailable"/> says so.
/// </summary>
internal sealed unsafe class Autocast : IDisposable
{
    private const sbyte Cpu = 0, BFloat16 = 15; // c10::DeviceType::CPU, c10::ScalarType::BFloat16

    private static readonly delegate* unmanaged<sbyte, byte, void> SetEnabled = (delegate* unmanaged<sbyte, byte, void>)
        Symbol("_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb");
    private static readonly delegate* unmanaged<sbyte, byte> GetEnabled = (delegate* unmanaged<sbyte, byte>)
        Symbol("_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE");
    private static readonly delegate* unmanaged<sbyte, sbyte, void> SetType = (delegate* unmanaged<sbyte, sbyte, void>)
        Symbol("_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE");
    private static readonly delegate* unmanaged<int> Increment = (delegate* unmanaged<int>)Symbol("_ZN2at8autocast17increment_nestingEv");
    private static readonly delegate* unmanaged<int> Decrement = (delegate* unmanaged<int>)Symbol("_ZN2at8autocast17decrement_nestingEv");
    private static readonly delegate* unmanaged<void> ClearCache = (delegate* unmanaged<void>)Symbol("_ZN2at8autocast11clear_cacheEv");

    private readonly byte _before;
    private readonly int _thread;

    private Autocast()
    {
        _thread = Environment.CurrentManagedThreadId;
        _before = GetEnabled(Cpu);
        SetType(Cpu, BFloat16);
        SetEnabled(Cpu, 1);
        _ = Increment();
    }

    /// <summary>Whether this build of libtorch has the functions.</summary>
    public static bool IsAvailable =>
        SetEnabled != null && GetEnabled != null && SetType != null && Increment != null && Decrement != null && ClearCache != null;

    /// <summary>Opens a scope of mixed precision on this thread, or none where <paramref name="precision"/> is float32 or the functions are absent.</summary>
    public static Autocast? Enter(Precision precision) =>
        Precisions.Resolve(precision) == Precision.BFloat16 && IsAvailable ? new Autocast() : null;

    /// <summary>Closes the scope; the weights cast inside it are dropped with the outermost one.</summary>
    /// <exception cref="InvalidOperationException">Called on another thread than the one that opened the scope.</exception>
    public void Dispose()
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("mixed precision was entered on another thread");
        if (Decrement() == 0) ClearCache();
        SetEnabled(Cpu, _before);
    }

    private static nint Symbol(string name)
    {
        _ = TorchSharp.torch.get_num_threads(); // loads the native library by TorchSharp's own search
        var file = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        return NativeLibrary.TryLoad(file, typeof(TorchSharp.torch).Assembly, null, out var library) && NativeLibrary.TryGetExport(library, name, out var at) ? at : 0;
    }
}
