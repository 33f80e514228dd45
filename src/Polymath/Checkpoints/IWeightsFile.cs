using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>One file of weights, whatever its format: what <see cref="Checkpoint"/> reads from.</summary>
internal interface IWeightsFile : IDisposable
{
    /// <summary>The path it was opened under.</summary>
    string Path { get; }

    /// <summary>Every tensor by name, in the file's order.</summary>
    IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Strings that the file carries beside its tensors.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What the file says of a tensor.</summary>
    TensorInfo Info(string name);

    /// <summary>A new tensor on the processor.</summary>
    Tensor Read(string name);

    /// <summary>Floating-point numbers as a flat row-major array.</summary>
    float[] ReadFloats(string name);

    /// <summary>The tensor's bytes, row-major and little-endian.</summary>
    Stream OpenBytes(string name);
}
